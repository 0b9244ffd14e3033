"""Compiles the project whose models are tested, unless it has not changed since the last time.

Compiling takes longer than all the tests of a small project, so the result is cached in ``.cbx/tests``, with a hash of
the sources and of the compiler. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.testing.project.compiled_project import CompiledProject, from_data, to_data
from cbx.version import __version__

if TYPE_CHECKING:
    from cbx.diagnostics.diagnostic import Diagnostic

_PACKAGE = Path(__file__).parents[2]
_SOURCES = ("models", "macros", "seeds")
_SUFFIXES = (".py", ".sql", ".toml", ".csv")


class DoesNotCompileError(Exception):
    """The project has errors, as ``cbx compile`` reports them."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], model_count: int, sources: Mapping[str, str]) -> None:
        errors = [
            f"{diagnostic.span}: {diagnostic.message}" for diagnostic in diagnostics if diagnostic.severity == "error"
        ]
        super().__init__("the project does not compile\n  " + "\n  ".join(errors))
        self.diagnostics = diagnostics
        self.model_count = model_count
        self.sources = sources


def compile_once(root: Path, environment: str = "local", *, with_trace: bool = True) -> CompiledProject:
    """The project in a folder, compiled unless nothing has changed since the last time.

    Args:
        root: The folder.
        environment: The environment.
        with_trace: Whether Python models are traced, which finds the columns that they do not declare.

    Raises:
        DoesNotCompileError: If it has errors.
    """
    file = root / ".cbx" / "tests" / f"compiled-{environment}.json"
    key = _content_hash(root)
    cached = _read(file)
    if cached.get("key") != key:
        from cbx.compiler import compile_project

        compilation = compile_project(root, environment, with_trace=with_trace)
        if compilation.plan is None:
            raise DoesNotCompileError(compilation.diagnostics, compilation.model_count, compilation.sources)
        cached = {"key": key, "project": to_data(compilation, compilation.plan, environment)}
        if compilation.is_lasting and not compilation.untraced_here:
            _write(file, json.dumps(cached))
    return from_data(root, cached["project"])


def _content_hash(root: Path) -> str:
    """A hash of the project's sources and of the compiler, whose own code may change between two runs."""
    digest = hashlib.sha256(__version__.encode())
    for file in _source_files(root):
        digest.update(f"\0{file.relative_to(root).as_posix()}\0".encode())
        with suppress(OSError):
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    for file in sorted(_PACKAGE.rglob("*.py")):
        digest.update(f"{file.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def _source_files(root: Path) -> Iterator[Path]:
    yield root / "project.toml"
    for folder in _SOURCES:
        yield from sorted(file for file in (root / folder).rglob("*") if file.suffix in _SUFFIXES)


def _read(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _write(file: Path, text: str) -> None:
    """Write the file in one step; do nothing if the folder is not writable."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
