"""Finds out, before Spark starts, that there is nothing to do.

After an update in which all inputs of every dataset were known, their state is stored: the source files, the
configuration, the landing folders and the tables. If nothing of it has changed, another update would change nothing.

Python code can depend on other things. So this works only for sources that import nothing but Spark, the pipeline API
and modules without side effects, and that do not open files.
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

from cbx.files.atomic_write import write_atomically
from cbx.runtime.flows.expectation_results import ExpectationResults, read_expectation_results
from cbx.runtime.results import DatasetResult, RefreshDecision
from cbx.runtime.tables.store import POINTER
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
    """A hash of a file, or of the files of a landing folder or glob, with their sizes and times.

    Args:
        landing: The path that is read.
        folder: The folder of relative paths.
    """
    root = plain_root(landing, folder)
    if root.is_file():
        return _digest(_stamp(str(root), root.stat()))
    entries = []
    for parent, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            with contextlib.suppress(FileNotFoundError):
                entries.append(_stamp(f"{parent}/{name}", Path(parent, name).stat()))
    return _digest("\n".join(entries))


def _stamp(path: str, status: os.stat_result) -> str:
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def plain_root(landing: str, folder: Path) -> Path:
    """The folder that contains all files of a landing folder or glob.

    Args:
        landing: The path that Auto Loader reads.
        folder: The folder of relative paths.
    """
    parts = Path(landing.removeprefix("file:")).parts
    plain = next((index for index, part in enumerate(parts) if _GLOB & set(part)), len(parts))
    return folder.joinpath(*parts[:plain])


@dataclass(frozen=True, slots=True)
class UnchangedUpdate:
    """An update that has nothing to do.

    Attributes:
        datasets: The datasets with the results of their expectations in the last update.
        landings: The landing folders with their signatures.
    """

    datasets: tuple[DatasetResult, ...]
    landings: Mapping[str, str]


def remember(
    request: RunRequest, files: Sequence[Path], landings: Mapping[str, str], results: Sequence[DatasetResult]
) -> None:
    """Store the inputs of a successful update.

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
    """Remove what ``remember`` stored, before tables change."""
    (state / MEMORY).unlink(missing_ok=True)


def recall_unchanged(request: RunRequest, files: Sequence[Path]) -> UnchangedUpdate | None:
    """The datasets, if an update would change none of them; None if it has, or may have, something to do."""
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
    decision = RefreshDecision("NO_OP") if kind == "batch" else None
    return DatasetResult(
        name, kind, "unchanged", rows_dropped=verdict.dropped, expectations=verdict.rules, refresh=decision
    )


def is_self_contained(files: Iterable[Path]) -> bool:
    """Whether sources depend only on Spark, the pipeline and each other; unknown for ``.ipynb`` files."""
    files = tuple(files)
    sources = [file for file in files if file.suffix == ".py"]
    local = {file.stem for file in sources} | {file.parent.name for file in sources}
    is_readable = all(file.suffix != ".ipynb" for file in files)
    return is_readable and all(_is_harmless(ast.parse(file.read_text(encoding="utf-8-sig")), local) for file in sources)


def _is_harmless(tree: ast.AST, local: set[str]) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if not node.level else []
        else:
            if isinstance(node, ast.Name) and node.id in _OUTWARD:
                return False
            continue
        if any(name.partition(".")[0] not in _HARMLESS | local for name in names):
            return False
    return True


def _program(request: RunRequest) -> str:
    parts = [
        __version__,
        version("pyspark"),
        sys.version,
        str(request.working_folder.resolve()),
        *(json.dumps(dict(settings), sort_keys=True) for settings in (request.configuration, request.spark_settings)),
        json.dumps([dict(paths) for paths in request.stand_ins], sort_keys=True),
        *(str(path.resolve()) for path in request.paths),
    ]
    return _digest("\0".join(parts))


def _tables(state: Path) -> dict[str, str]:
    """A hash of the state and the batches of every table."""
    tables = {}
    for pointer in sorted((state / "tables").glob(f"*/*/{POINTER}")):
        text = pointer.read_text(encoding="utf-8")
        batches = sorted(entry.name for entry in (pointer.parent / json.loads(text)["version"]).iterdir())
        tables[pointer.parent.relative_to(state).as_posix()] = _digest("\n".join([text, *batches]))
    return tables


def _digest(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
