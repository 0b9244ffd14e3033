"""The result of a dataset: its counts, or why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.diagnostics.codes import UNKNOWN_TABLE
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.auto_loader import missing_file_system
from cbx.runtime.definitions import Sink
from cbx.runtime.errors import CannotRunError, QueryLine, RunError, UnknownTableError
from cbx.runtime.failures import OTHER_TABLE, diagnose, missing_table
from cbx.runtime.flow_context import UpstreamFailedError
from cbx.runtime.flows.expectation_results import last_expectation_results
from cbx.runtime.results import DatasetResult
from cbx.runtime.tables.store import TableFolder, TableState, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.runtime.definitions import Dataset
    from cbx.runtime.flows.refresh_result import RefreshResult
    from cbx.runtime.names import DatasetName
    from cbx.runtime.results import ResultKind


def completed_result(definition: Dataset | Sink, filled: RefreshResult) -> DatasetResult:
    """The result of a dataset or a sink that was refreshed."""
    counts = filled.counts
    return DatasetResult(
        name=definition.name.written,
        kind=filled.kind,
        status="completed" if filled.did_work else "unchanged",
        rows_read=counts.rows_read,
        rows_written=counts.written,
        rows_dropped=filled.verdict.dropped,
        rows_deleted=counts.deleted,
        expectations=filled.verdict.rules,
        refresh=filled.decision,
    )


def failed_result(
    definition: Dataset | Sink,
    error: Exception,
    state: Path,
    roots: Sequence[Path],
    names: Iterable[str],
    trace_back: Callable[[Diagnostic, QueryLine | None], Diagnostic],
) -> DatasetResult:
    """The result of a dataset or a sink that was not refreshed.

    Args:
        definition: The dataset or sink.
        error: What was raised.
        state: The state folder.
        roots: The folders of the user's files.
        names: The names of the pipeline's datasets, for the hint where a table is missing.
        trace_back: Moves a diagnostic from a compiled file to the file it was compiled from.
    """
    name = definition.name
    if isinstance(error, UpstreamFailedError):
        diagnostic = error.diagnostic._replace(span=definition.span)
        return _skipped_result(definition, trace_back(diagnostic, None), state)
    diagnostic, query_line = diagnose(error, roots, definition.span)
    missing = error.name if isinstance(error, UnknownTableError) else missing_table(diagnostic)
    if missing is not None:
        hint = did_you_mean(missing, {*names, *tables(state)}, OTHER_TABLE.format(missing))
        diagnostic = diagnostic._replace(code=UNKNOWN_TABLE, message=f"there is no table `{missing}`", hint=hint)
    storage = None if isinstance(error, RunError) else missing_file_system(error)
    if storage is not None:
        cause = storage.diagnostic
        diagnostic = diagnostic._replace(code=cause.code, message=cause.message, hint=cause.hint)
    diagnostic = trace_back(diagnostic, query_line)
    return DatasetResult(name.written, _last_kind(state, name), "failed", diagnostic=diagnostic)


def _skipped_result(definition: Dataset | Sink, diagnostic: Diagnostic, state: Path) -> DatasetResult:
    """The result of a dataset whose input failed: its rows and the results of its expectations are unchanged."""
    name = definition.name.written
    table = _last_state(state, definition.name)
    if table is None or isinstance(definition, Sink):
        return DatasetResult(name, "" if table is None else table.kind, "skipped", diagnostic=diagnostic)
    last = last_expectation_results(table.verdict, {name: {rule.name: rule for rule in definition.expectations}})
    return DatasetResult(
        name, table.kind, "skipped", rows_dropped=last.dropped, expectations=last.rules, diagnostic=diagnostic
    )


def order_results(
    results: dict[str, DatasetResult], keys: Iterable[str], inputs: dict[str, dict[str, None]]
) -> tuple[DatasetResult, ...]:
    """Results in the order of definition, but inputs first.

    Args:
        results: The results by key.
        keys: The keys of all datasets and sinks in the order of definition.
        inputs: The keys of what each of them reads.
    """
    ordered: dict[str, DatasetResult] = {}
    seen: set[str] = set()

    def add(key: str) -> None:
        if key in seen:
            return
        seen.add(key)
        for other in inputs.get(key, ()):
            add(other)
        if key in results:
            ordered[key] = results[key]

    for key in keys:
        add(key)
    return tuple(ordered.values())


def _last_kind(state: Path, name: DatasetName) -> ResultKind:
    """The kind of a table after the last update, for a dataset that failed."""
    table = _last_state(state, name)
    return table.kind if table is not None else ""


def _last_state(state: Path, name: DatasetName) -> TableState | None:
    """A table; None also if its state cannot be read, which has failed the update."""
    try:
        return TableFolder(state, name).read_state()
    except CannotRunError:
        return None
