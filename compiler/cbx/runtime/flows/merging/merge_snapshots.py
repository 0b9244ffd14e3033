"""Merges snapshots into a target of AUTO CDC: the differences between snapshots are the changes."""

from __future__ import annotations

import datetime as dt
import decimal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.runtime.auto_cdc import CdcSpecError, current_rows, snapshot_changes, snapshot_spec
from cbx.runtime.errors import RunError
from cbx.runtime.flows.merging.merge_changes import Merger
from cbx.runtime.tables.flow_memory import SnapshotVersion
from cbx.runtime.tables.merge_state import open_merge_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.auto_cdc import CdcSpec
    from cbx.runtime.definitions import SnapshotFlow
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.flows.declared_shape import Shape
    from cbx.runtime.names import DatasetName
    from cbx.runtime.tables.store import TableState

_KINDS: dict[str, Callable[[str], Any]] = {
    "int": int,
    "str": str,
    "float": float,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "Decimal": decimal.Decimal,
}


def merge_snapshots(
    context: FlowContext,
    flow: SnapshotFlow,
    shape: Shape,
    table: TableState,
    read: Callable[[DatasetName], DataFrame],
) -> Merger:
    """Merge the new snapshots.

    Args:
        context: The flow.
        flow: Its definition.
        shape: The declared columns and expectations of the target.
        table: The target before.
        read: Reads a dataset.

    Returns:
        The merger, with the target and the counts.
    """
    spec = read_snapshot_spec(flow)
    merger = Merger(context, spec, shape, table)
    for snapshot, version in new_snapshots(flow, lambda: last_version(merger.table, flow), read):
        before = _previous_snapshot(snapshot.sparkSession, merger, spec)
        changes = snapshot_changes(before, snapshot, spec, F.lit(version))
        memory = replace(merger.table.memory(flow.name), version=_stored_version(version, flow))
        merger.merge(changes, snapshot if before is None else None, memory)
    return merger


def read_snapshot_spec(flow: SnapshotFlow) -> CdcSpec:
    """The arguments of a flow.

    Raises:
        RunError: If they contradict each other.
    """
    try:
        return snapshot_spec(
            flow.target.written,
            flow.keys,
            flow.scd_type,
            flow.track_history_column_list,
            flow.track_history_except_column_list,
        )
    except CdcSpecError as error:
        raise RunError(error.code, error.reason, span=flow.span, hint=error.hint) from None


def last_version(table: TableState, flow: SnapshotFlow) -> Any:
    """The version of the last snapshot that a flow has merged into a table; None if there is none."""
    return _version_value(table.memory(flow.name).version)


def new_snapshots(
    flow: SnapshotFlow, last_merged: Callable[[], Any], read: Callable[[DatasetName], DataFrame]
) -> Iterator[tuple[DataFrame, Any]]:
    """The new snapshots with their versions.

    A table has one, as of now; a function returns one after the other until it returns None.

    Args:
        flow: The flow.
        last_merged: The version of the last snapshot that was merged; None if there is none.
        read: Reads a dataset.

    Raises:
        RunError: If the function returns something else.
    """
    if not callable(flow.source):
        yield read(flow.source), dt.datetime.now(dt.timezone.utc)
        return
    while True:
        last = last_merged()
        answer: Any = flow.source(last)
        if answer is None and last is None:
            raise RunError(
                INVALID_DEFINITION,
                "the snapshot function returned None at the first call (FIRST_SNAPSHOT_EMPTY)",
                span=flow.span,
                hint="return the first snapshot and its version when the argument is None",
            )
        if answer is None:
            return
        if not isinstance(answer, tuple) or len(answer) != 2 or answer[1] is None:
            raise RunError(
                INVALID_DEFINITION,
                f"the snapshot function returned {_describe(answer)} (INVALID_SNAPSHOT_VERSION)",
                span=flow.span,
                hint="return a tuple of a DataFrame and its version, or None",
            )
        snapshot, version = answer
        if last is not None and version <= last:
            raise RunError(
                INVALID_DEFINITION,
                f"the snapshot function returned the version {version!r} after {last!r}",
                span=flow.span,
                hint="return a version greater than the argument, or None",
            )
        yield snapshot, version


def _describe(answer: Any) -> str:
    if not isinstance(answer, tuple):
        return f"a {type(answer).__name__} instead of a snapshot and its version"
    return "a snapshot without a version" if len(answer) == 2 else f"a tuple of {len(answer)} values"


def _previous_snapshot(spark: SparkSession, merger: Merger, spec: CdcSpec) -> DataFrame | None:
    if not merger.table.schema:
        return None
    state = open_merge_state(merger.context.folder.merge_state_folder(merger.table.version))
    return current_rows(merger.context.engine.read_merge_state(spark, state), spec)


def _stored_version(version: Any, flow: SnapshotFlow) -> SnapshotVersion:
    kind = type(version).__name__
    if kind not in _KINDS:
        raise RunError(
            INVALID_DEFINITION,
            f"the snapshot version {version!r} is not supported",
            span=flow.span,
            hint="use a number, a string or a timestamp",
        )
    text = version.isoformat() if isinstance(version, dt.date) else str(version)
    return SnapshotVersion(kind, text)


def _version_value(version: SnapshotVersion | None) -> Any:
    return None if version is None else _KINDS[version.kind](version.value)
