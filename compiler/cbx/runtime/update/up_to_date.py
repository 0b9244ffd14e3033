"""Seeing, before Spark starts, that there is nothing to do.

After an update in which every dataset was certain of all that it depends on, it is written down what that was:
the source files, the configuration, the landing folders and the tables. If all of it is as it was, another
update would change nothing.

Python code can depend on more than that. So this is done only for sources that import nothing beyond Spark, the
pipeline API and modules without a view of the outer world, and that do not open files.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.runtime.flows.expectation_results import ExpectationResults, read_expectation_results
from cbx.runtime.results import DatasetResult
from cbx.runtime.tables.store import POINTER, write_atomically
from cbx.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cbx.runtime.results import ResultKind, RunRequest

MEMORY = "last_update.json"

_HARMLESS = frozenset(
    {
        "__future__",
        "collections",
        "dataclasses",
        "decimal",
        "dlt",
        "enum",
        "functools",
        "itertools",
        "json",
        "math",
        "operator",
        "pyspark",
        "re",
        "string",
        "typing",
    }
)
_OUTWARD = frozenset({"open", "exec", "eval", "compile", "input", "__import__", "globals", "dbutils"})
_GLOB = frozenset("*?[{")


def signature(landing: str, folder: Path) -> str:
    """The files of a landing folder, or of what a glob could match, with their sizes and times.

    Args:
        landing: The path, as Auto Loader was given it.
        folder: Where relative paths start.
    """
    found = []
    for parent, folders, files in os.walk(plain_root(landing, folder)):
        folders.sort()
        for name in sorted(files):
            with contextlib.suppress(FileNotFoundError):
                status = Path(parent, name).stat()
                found.append(f"{parent}/{name} {status.st_size} {status.st_mtime_ns}")
    return _digest("\n".join(found))


def plain_root(landing: str, folder: Path) -> Path:
    """The folder below which a landing folder's files are, or all that its glob could match.

    Args:
        landing: The path, as Auto Loader was given it.
        folder: Where relative paths start.
    """
    parts = Path(landing.removeprefix("file:")).parts
    plain = next((index for index, part in enumerate(parts) if _GLOB & set(part)), len(parts))
    return folder.joinpath(*parts[:plain])


@dataclass(frozen=True, slots=True)
class UnchangedUpdate:
    """What an update with nothing to do is about.

    Attributes:
        datasets: The datasets with their last verdicts.
        landings: The landing folders with their signatures.
    """

    datasets: tuple[DatasetResult, ...]
    landings: Mapping[str, str]


def remember(
    request: RunRequest, files: Sequence[Path], landings: Mapping[str, str], results: Sequence[DatasetResult]
) -> None:
    """Write down what a successful and certain update was made of.

    Args:
        request: The update.
        files: The source files, with the modules that they imported.
        landings: The landing folders with their signatures before they were read.
        results: What the update did.
    """
    document = {
        "program": _program(request),
        "sources": {str(file): _digest(file.read_bytes()) for file in files},
        "landings": dict(landings),
        "tables": _tables(request.state),
        "results": [
            [result.name, result.kind, ExpectationResults(result.rows_dropped, result.expectations).document()]
            for result in results
        ],
    }
    write_atomically(request.state / MEMORY, json.dumps(document, indent=1) + "\n")


def forget(state: Path) -> None:
    """From now on the tables may differ from what was written down."""
    (state / MEMORY).unlink(missing_ok=True)


def recall_unchanged(request: RunRequest, files: Sequence[Path]) -> UnchangedUpdate | None:
    """What an update would leave as it is; None if it has, or may have, something to do."""
    if request.select is not None or request.full_refresh or request.dry_run:
        return None
    try:
        memory: dict[str, Any] = json.loads((request.state / MEMORY).read_text(encoding="utf-8"))
        sources = {path: _digest(Path(path).read_bytes()) for path in memory["sources"]}
        landings = {landing: signature(landing, request.working_folder) for landing in memory["landings"]}
        same = (
            memory["program"] == _program(request)
            and memory["sources"] == sources
            and {str(file) for file in files} <= set(sources)
            and memory["landings"] == landings
            and memory["tables"] == _tables(request.state)
        )
        results = tuple(_unchanged_result(*result) for result in memory["results"])
    except (OSError, ValueError, KeyError):
        return None
    if not same:
        return None
    return UnchangedUpdate(results, landings)


def _unchanged_result(name: str, kind: ResultKind, document: dict[str, Any]) -> DatasetResult:
    verdict = read_expectation_results(document)
    return DatasetResult(name, kind, "unchanged", rows_dropped=verdict.dropped, expectations=verdict.rules)


def is_self_contained(files: Iterable[Path]) -> bool:
    """Whether sources can depend on nothing but Spark, the pipeline and each other."""
    sources = [file for file in files if file.suffix == ".py"]
    own = {file.stem for file in sources} | {file.parent.name for file in sources}
    return all(_is_harmless(ast.parse(file.read_text(encoding="utf-8-sig")), own) for file in sources)


def _is_harmless(tree: ast.AST, own: set[str]) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if not node.level else []
        else:
            if isinstance(node, ast.Name) and node.id in _OUTWARD:
                return False
            continue
        if any(name.partition(".")[0] not in _HARMLESS | own for name in names):
            return False
    return True


def _program(request: RunRequest) -> str:
    parts = [
        __version__,
        version("pyspark"),
        sys.version,
        str(request.working_folder.resolve()),
        json.dumps(dict(request.configuration), sort_keys=True),
        *(str(path.resolve()) for path in request.paths),
    ]
    return _digest("\0".join(parts))


def _tables(state: Path) -> dict[str, str]:
    """What every table is, and which batches it has."""
    found = {}
    for pointer in sorted((state / "tables").glob(f"*/*/{POINTER}")):
        text = pointer.read_text(encoding="utf-8")
        batches = sorted(entry.name for entry in (pointer.parent / json.loads(text)["version"]).iterdir())
        found[pointer.parent.relative_to(state).as_posix()] = _digest("\n".join([text, *batches]))
    return found


def _digest(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
