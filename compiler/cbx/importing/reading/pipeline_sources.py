"""The source files of a pipeline: notebooks, plain files, and the modules that they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile, Span, as_text
from cbx.files.bounded_read import read_regular
from cbx.importing.reading.comments import Comment, find_python_comments
from cbx.importing.reading.source_text import SourceText, read_source_text
from cbx.parse.positions import Positions
from cbx.parse.python import parse_syntax

_LARGEST: Final = 4 << 20
_SUFFIXES: Final = (".py", ".sql", ".ipynb")


@dataclass(frozen=True)
class PythonFile:
    """A Python file of the pipeline, or a module that one imports.

    Attributes:
        path: Its path on this machine.
        root: The folder in which the search for its imports ends.
        source: Its text and cells.
        tree: Its syntax tree.
        is_module: Whether it is imported only, and no source file of the pipeline itself.
    """

    path: Path
    root: Path
    source: SourceText
    tree: ast.Module
    is_module: bool

    @cached_property
    def file(self) -> SourceFile:
        """Its text, for spans."""
        return SourceFile(self.source.path, self.source.text)

    @cached_property
    def positions(self) -> Positions:
        """The offsets of its nodes."""
        return Positions(self.file)

    @cached_property
    def block_names(self) -> frozenset[str]:
        """The names that statements with a block bind at the top level, such as the variables of loops."""
        return frozenset(
            part.id
            for statement in self.tree.body
            if isinstance(statement, (ast.For, ast.While, ast.With))
            for part in ast.walk(statement)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        )

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """Its comments."""
        return tuple(find_python_comments(self.source.text))

    def find_module(self, name: str, level: int, files: Sequence[PythonFile]) -> int | None:
        """The number of the file of a module that this file imports; None if it is not beside the notebooks."""
        for path in module_paths(self.path, self.root, name, level):
            for number, file in enumerate(files):
                if file.path == path:
                    return number
        return None


@dataclass(frozen=True, slots=True)
class PipelineSources:
    """All source files of a pipeline.

    Attributes:
        python: The Python files; modules after the notebooks.
        sql: The SQL files.
        texts: The texts of all files, by their shown paths.
    """

    python: tuple[PythonFile, ...]
    sql: tuple[SourceText, ...]
    texts: dict[str, str]

    def modules_of(self, file: PythonFile) -> list[PythonFile]:
        """The modules beside the notebooks that a file imports."""
        numbers = {file.find_module(name, level, self.python) for name, level in _imported_modules(file.tree)}
        return [self.python[number] for number in sorted(number for number in numbers if number is not None)]


def read_sources(paths: Sequence[Path], report: Report) -> PipelineSources:
    """Read notebooks, files and folders, and the modules that they import.

    Args:
        paths: Files and folders; modules of packages below a folder are read only if they are imported.
        report: Gets CBX107 for unreadable files, and CBX101 for invalid Python.
    """
    python: list[PythonFile] = []
    sql: list[SourceText] = []
    for root, path in _source_paths(paths, report):
        text = _read(path, root, report)
        if text is None:
            continue
        report.sources[text.path] = text.text
        if text.language == "sql":
            sql.append(text)
        elif (file := _parse(path, root, text, report, is_module=False)) is not None:
            python.append(file)
    _add_modules(python, report)
    return PipelineSources(tuple(python), tuple(sql), dict(report.sources))


def _source_paths(paths: Sequence[Path], report: Report) -> Iterator[tuple[Path, Path]]:
    """Each source file once, with the folder in which its modules are searched."""
    seen: set[Path] = set()
    for path in paths:
        root = path.resolve() if path.is_dir() else path.resolve().parent
        files = sorted(file for file in path.rglob("*") if _is_source(file, path)) if path.is_dir() else [path]
        if not files:
            report.add(
                codes.CANNOT_START, f"{path} has no Python or SQL files", hint="name the folder of the notebooks"
            )
        for file in files:
            found = _existing_file(file)
            if found is None:
                report.add(codes.CANNOT_START, f"{file} does not exist")
            elif found.resolve() not in seen:
                seen.add(found.resolve())
                yield root, found.resolve()


def _existing_file(path: Path) -> Path | None:
    """The file of a path; in a workspace, notebooks have no suffix."""
    candidates = [path, *(path.with_name(path.name + suffix) for suffix in _SUFFIXES)]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _is_source(file: Path, folder: Path) -> bool:
    """Whether a file below a folder is a source file, not hidden, and no module of a package."""
    if file.suffix not in _SUFFIXES or not file.is_file():
        return False
    inside = file.relative_to(folder)
    is_visible = not any(part.startswith((".", "__")) for part in inside.parts)
    return is_visible and not any((folder / parent / "__init__.py").exists() for parent in inside.parents[:-1])


def _read(path: Path, root: Path, report: Report) -> SourceText | None:
    shown = path.relative_to(root).as_posix()
    if path.suffix not in _SUFFIXES:
        report.add(codes.UNREADABLE_FILE, f"`{shown}` is no notebook, Python file or SQL file", Span(shown))
        return None
    try:
        text = as_text(read_regular(path, _LARGEST))
        return read_source_text(shown, text)
    except UnicodeDecodeError:
        problem = "this file is not UTF-8 text"
    except OSError as error:
        problem = f"this file cannot be read: {error.strerror}"
    except ValueError as error:
        problem = f"this notebook cannot be read: {error}"
    report.add(codes.UNREADABLE_FILE, problem, Span(shown), hint="fix it, or name the other files")
    return None


def _parse(path: Path, root: Path, text: SourceText, report: Report, *, is_module: bool) -> PythonFile | None:
    tree = parse_syntax(SourceFile(text.path, text.python), report)
    return None if tree is None else PythonFile(path, root, text, tree, is_module)


def _add_modules(python: list[PythonFile], report: Report) -> None:
    """Add the modules beside notebooks that any of the files imports."""
    for file in python:  # grows while it is walked
        for name, level in _imported_modules(file.tree):
            for path in module_paths(file.path, file.root, name, level):
                if path.is_file() and all(path != other.path for other in python):
                    text = _read(path, file.root, report)
                    module = None if text is None else _parse(path, file.root, text, report, is_module=True)
                    if module is not None:
                        report.sources[module.source.path] = module.source.text
                        python.append(module)


def _imported_modules(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level
            prefix = f"{node.module}." if node.module else ""
            yield from ((f"{prefix}{alias.name}", node.level) for alias in node.names if alias.name != "*")


def module_paths(path: Path, root: Path, name: str, level: int) -> list[Path]:
    """Where a module may be: beside the file that imports it, or in a folder above, up to the root."""
    if not name:
        return []
    parts = name.split(".")
    folders = [path.parents[level - 1]] if level else [path.parent, *path.parent.parents]
    inside = [folder for folder in folders if folder == root or folder.is_relative_to(root)]
    return [folder.joinpath(*parts).with_suffix(".py") for folder in inside]
