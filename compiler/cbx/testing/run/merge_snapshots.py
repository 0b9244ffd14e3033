"""Applies given snapshots to the target of an ``auto_cdc_from_snapshot`` model, with the AUTO CDC of local runs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.auto_cdc import (
    current_rows,
    merge_changes,
    snapshot_changes,
    snapshot_spec,
    target_rows,
)
from cbx.runtime.auto_cdc.snapshots import IS_DELETE, VERSION
from cbx.runtime.definitions import SnapshotFlow
from cbx.runtime.names import DatasetName
from cbx.testing.coverage.exercised import ChangeKinds
from cbx.testing.run.expectation_results import CheckedRows, concat_checked_rows
from cbx.testing.run.merge_changes import Check, create_frame, report_wrong_changes

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.definitions import DatasetExpectation, Registry
    from cbx.testing.project.compiled_project import CompiledModel
    from cbx.testing.run.given_tables import GivenTables

_FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)


def merge_snapshot_batches(
    model: CompiledModel,
    registry: Registry,
    given: GivenTables,
    check: Check,
    kinds: ChangeKinds,
    spark: SparkSession,
) -> tuple[CheckedRows, Any]:
    """Apply every given batch as a snapshot, the first with the version of 1 January 2026 or 1, each next a day later.

    The arguments and the result are those of `merge_batches`.

    Raises:
        ModelFailed: If the snapshots do not fit the target, or have a key twice.
    """
    flows = registry.flows[DatasetName.parse(model.dataset).key]
    flow = next(flow for flow in flows if isinstance(flow, SnapshotFlow))
    spec = snapshot_spec(
        model.id, flow.keys, flow.scd_type, flow.track_history_column_list, flow.track_history_except_column_list
    )
    state: DataFrame | None = None
    parts: list[CheckedRows] = []
    with report_wrong_changes(model.id):
        for number in range(given.batch_count):
            given.number = number
            snapshot, rules = _read_snapshot(model, flow, registry, given)
            parts.append(check(snapshot, rules))
            before = None if state is None else current_rows(state, spec)
            version = F.lit(_version(model, number))
            changes = snapshot_changes(before, create_frame(parts[-1].kept, spark), spec, version).toArrow()
            _add_kinds(changes, kinds)
            state = create_frame(merge_changes(state, create_frame(changes, spark), spec).toArrow(), spark)
        rows = target_rows(state, spec).toArrow()  # type: ignore[arg-type] # there is at least one batch
    return concat_checked_rows(parts), rows


def _read_snapshot(
    model: CompiledModel, flow: SnapshotFlow, registry: Registry, given: GivenTables
) -> tuple[DataFrame, tuple[DatasetExpectation, ...]]:
    """The rows that the notebook makes of a given snapshot, and the expectations on them."""
    if callable(flow.source):
        folder = model.inputs[0].table
        answer: Any = flow.source(None, lambda _: (given.folder(folder), 1))  # type: ignore[call-arg] # as it is emitted
        return answer[0], ()
    view = registry.datasets[flow.source.key]
    return view.query(), view.expectations  # type: ignore[misc] # a view has a query


def _version(model: CompiledModel, number: int) -> Any:
    """The version of a snapshot, counted from 0; that of a table is the time of the update."""
    time = _FIRST + dt.timedelta(days=number)
    kind = model.inputs[0].options.get("version", "TIMESTAMP")
    return {"DATE": time.date(), "BIGINT": number + 1}.get(kind, time)


def _add_kinds(changes: Any, kinds: ChangeKinds) -> None:
    for row in changes.to_pylist():
        del row[VERSION]
        kinds.add_change(row, deletes=row.pop(IS_DELETE), truncates=False)
