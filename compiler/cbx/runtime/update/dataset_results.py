"""What became of a dataset: its counts, or why it failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.definitions import Sink
from cbx.runtime.failures import missing_table, problem_of
from cbx.runtime.flow_context import UpstreamFailedError
from cbx.runtime.flows.expectation_results import last_expectation_results
from cbx.runtime.problems import CannotRunError, Problem, UnknownTableError
from cbx.runtime.results import DatasetResult
from cbx.runtime.tables.store import TableFolder, TableState, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cbx.runtime.definitions import Dataset
    from cbx.runtime.flows.refresh_table import RefreshResult
    from cbx.runtime.names import DatasetName
    from cbx.runtime.results import ResultKind


def completed_result(definition: Dataset | Sink, filled: RefreshResult) -> DatasetResult:
    """The result of a dataset or a sink that was brought up to date."""
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
    )


def failed_result(
    definition: Dataset | Sink, error: Exception, state: Path, roots: Sequence[Path], known: Iterable[str]
) -> DatasetResult:
    """The result of one that could not be made.

    Args:
        definition: It.
        error: What was raised.
        state: The state folder.
        roots: The folders of the user's files.
        known: The names that the pipeline defines, one of which may have been meant where a table is missing.
    """
    name = definition.name
    if isinstance(error, UpstreamFailedError):
        return _skipped_result(definition, Problem(error.problem.reason, definition.place), state)
    problem = problem_of(error, roots, definition.place)
    missing = error.name if isinstance(error, UnknownTableError) else missing_table(problem)
    if missing is not None:
        hint = did_you_mean(missing, {*known, *tables(state)}, "define it in the pipeline, or correct the name")
        problem = replace(problem, reason=f"there is no table `{missing}`", hint=hint)
    return DatasetResult(name.written, _last_kind(state, name), "failed", problem=problem)


def _skipped_result(definition: Dataset | Sink, problem: Problem, state: Path) -> DatasetResult:
    """The result of one whose input failed. Its rows are as they were, and so is what its rules said of them."""
    name = definition.name.written
    table = _last_state(state, definition.name)
    if table is None or isinstance(definition, Sink):
        return DatasetResult(name, "" if table is None else table.kind, "skipped", problem=problem)
    last = last_expectation_results(table.verdict, {name: {rule.name: rule for rule in definition.expectations}})
    return DatasetResult(
        name, table.kind, "skipped", rows_dropped=last.dropped, expectations=last.rules, problem=problem
    )


def order_results(
    results: dict[str, DatasetResult], keys: Iterable[str], inputs: dict[str, dict[str, None]]
) -> tuple[DatasetResult, ...]:
    """Results in the order of definition, but each after those that it reads, in whatever order they came.

    Args:
        results: The results by key.
        keys: The keys of all datasets and sinks in the order of definition.
        inputs: The keys of what each of them reads.
    """
    found: dict[str, DatasetResult] = {}
    seen: set[str] = set()

    def add(key: str) -> None:
        if key in seen:
            return
        seen.add(key)
        for other in inputs.get(key, ()):
            add(other)
        if key in results:
            found[key] = results[key]

    for key in keys:
        add(key)
    return tuple(found.values())


def _last_kind(state: Path, name: DatasetName) -> ResultKind:
    """What a table was after the last update, for a dataset that did not get so far as to tell."""
    table = _last_state(state, name)
    return table.kind if table is not None else ""


def _last_state(state: Path, name: DatasetName) -> TableState | None:
    """A table as it is; None also where it cannot be read, which the update has then failed for."""
    try:
        return TableFolder(state, name).current()
    except CannotRunError:
        return None
