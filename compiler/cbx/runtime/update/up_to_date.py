"""Finds out, before an engine starts, that there is nothing to do.

After an update in which all inputs of every dataset were known, their state is stored: the source files, the
configuration, the landing folders and all files of the state folder. If nothing of it has changed, another update would
change nothing. Its events are stored, too, so that they can be reported again.

Python code can depend on other things. So this works only for sources that import nothing but Spark, the pipeline API
and modules without side effects, and that do not open files.
"""

from __future__ import annotations

import ast
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cbx.files.checked_json import read_checked, write_checked
from cbx.installation import hash_of_installation
from cbx.runtime.flows.expectation_results import ExpectationResults, read_expectation_results
from cbx.runtime.log.events import Event, FlowFinished, FlowPlanned, FlowStarted, LoggedEvent, NoteAdded, UpdateProgress
from cbx.runtime.results import DatasetResult, RefreshDecision
from cbx.runtime.update.file_signatures import hash_texts, signature, signature_of_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cbx.runtime.results import ResultKind, RunRequest

MEMORY: Final = "last_update.json"
_STATE: Final = ("tables", "checkpoints", "saved", "messages", "delta", "module_streams", "sinks")
"""The folders of the state folder that updates read."""

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


@dataclass(frozen=True, slots=True)
class UnchangedUpdate:
    """An update that has nothing to do.

    Attributes:
        datasets: The datasets with the results of their expectations in the last update.
        landings: The landing folders with their signatures.
        events: What the update reports between its start and its end.
        checks: The datasets that only check other datasets.
    """

    datasets: tuple[DatasetResult, ...]
    landings: Mapping[str, str]
    events: tuple[Event, ...]
    checks: frozenset[str]


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """The source files that an update runs.

    Attributes:
        digests: Hashes of their contents by path.
        read: The time when they were read, in nanoseconds.
    """

    digests: Mapping[str, str]
    read: int

    @classmethod
    def read_before(cls, files: Iterable[Path]) -> SourceFiles:
        """Read the files before they are run."""
        return cls(_digests(map(str, files)), time.time_ns())

    def with_modules(self, files: Iterable[Path]) -> SourceFiles | None:
        """The files with the modules that they imported; None if one of them may have changed meanwhile."""
        others = [file for file in files if str(file) not in self.digests]
        if any(file.stat().st_ctime_ns > self.read - _TICK for file in others):
            return None
        return SourceFiles({**self.digests, **_digests(map(str, others))}, self.read)


_TICK: Final = 3_000_000_000
"""How far the times of file systems may lag behind the clock, in nanoseconds."""


def remember(
    request: RunRequest,
    sources: SourceFiles,
    landings: Mapping[str, str],
    results: Sequence[DatasetResult],
    events: Iterable[LoggedEvent],
) -> None:
    """Store the inputs of a successful update.

    Args:
        request: The update.
        sources: The source files, with the modules that they imported.
        landings: The landing folders with their signatures before they were read.
        results: What the update did.
        events: What it reported, except the start of an engine.
    """
    document = {
        "installation": hash_of_installation(),
        "program": _program(request),
        "origin": request.origin,
        "checks": sorted(request.checks),
        "folder": str(request.working_folder),
        "sources": dict(sources.digests),
        "landings": dict(landings),
        "state": signature_of_folders(request.state, _STATE),
        "results": [
            [
                result.name,
                result.kind,
                ExpectationResults(result.rows_dropped, result.expectations).document(),
                result.inputs,
            ]
            for result in results
        ],
        "events": [_event_document(event) for event in events],
    }
    write_checked(request.state / MEMORY, document)


def forget(state: Path) -> None:
    """Remove what ``remember`` stored, before tables change."""
    (state / MEMORY).unlink(missing_ok=True)


def recall_unchanged(request: RunRequest, files: Sequence[Path]) -> UnchangedUpdate | None:
    """The datasets, if an update would change none of them; None if it has, or may have, something to do."""
    if request.select is not None or request.full_refresh or request.dry_run:
        return None

    def is_same(memory: Mapping[str, Any]) -> bool:
        known = {str(file) for file in files} <= set(memory["sources"])
        return known and bool(memory["program"] == _program(request))

    return _recall(request.state, is_same)


def recall_by_origin(state: Path, origin: str) -> UnchangedUpdate | None:
    """The same for an update whose request has this origin, without the request.

    Args:
        state: The state folder, as an absolute path.
        origin: As in ``RunRequest``.
    """
    return _recall(state, lambda memory: bool(memory["origin"] == origin))


def _recall(state: Path, is_same: Callable[[Mapping[str, Any]], bool]) -> UnchangedUpdate | None:
    """The last update, if its request is the same and nothing has changed since."""
    try:
        memory: dict[str, Any] = read_checked(state / MEMORY)
        folder = Path(memory["folder"])
        landings = {landing: signature(landing, folder) for landing in memory["landings"]}
        if not (
            memory["installation"] == hash_of_installation()
            and is_same(memory)
            and memory["sources"] == _digests(memory["sources"])
            and memory["landings"] == landings
            and memory["state"] == signature_of_folders(state, _STATE)
        ):
            return None
        results = tuple(_unchanged_result(*result) for result in memory["results"])
        by_name = {result.name: result for result in results}
        events = tuple(_read_event(event, by_name) for event in memory["events"])
        return UnchangedUpdate(results, landings, events, frozenset(memory["checks"]))
    except (OSError, ValueError, KeyError):
        return None


def _unchanged_result(name: str, kind: ResultKind, document: dict[str, Any], inputs: Sequence[str]) -> DatasetResult:
    verdict = read_expectation_results(document)
    return DatasetResult(
        name,
        kind,
        "unchanged",
        rows_dropped=verdict.dropped,
        expectations=verdict.rules,
        inputs=tuple(inputs),
        refresh=RefreshDecision("NO_OP") if kind == "batch" else None,
    )


def _event_document(event: LoggedEvent) -> list[Any]:
    if isinstance(event, FlowStarted):
        return ["started", event.dataset]
    if isinstance(event, FlowPlanned):
        return ["planned", event.dataset]
    if isinstance(event, FlowFinished):
        return ["finished", event.result.name]
    if isinstance(event, NoteAdded):
        return ["note", event.text, event.place]
    return [event.state, event.message, event.datasets]


def _read_event(document: Sequence[Any], results: Mapping[str, DatasetResult]) -> Event:
    """An event of the last update, with the results of one that has nothing to do."""
    kind, text, *others = document
    if kind == "started":
        return FlowStarted(text)
    if kind == "planned":
        return FlowPlanned(text, results[text].refresh or RefreshDecision("NO_OP"))
    if kind == "finished":
        return FlowFinished(results[text])
    if kind == "note":
        return NoteAdded(text, *others)
    return UpdateProgress(kind, text, datasets=others[0])


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
    """A hash of everything in a request that is not in files."""
    parts = [
        str(request.state),
        str(request.working_folder.resolve()),
        *(json.dumps(dict(settings), sort_keys=True) for settings in (request.configuration, request.spark_settings)),
        json.dumps([dict(paths) for paths in request.stand_ins], sort_keys=True),
        json.dumps([request.engine, request.master]),
        *(str(path.resolve()) for path in request.paths),
    ]
    return hash_texts(["\0".join(parts)])


def _digests(paths: Iterable[str]) -> dict[str, str]:
    """Hashes of source files by path."""
    return {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths}
