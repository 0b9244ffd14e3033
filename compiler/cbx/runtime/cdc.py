"""Merging changes into a target, each micro-batch once and all at once.

A target has two folders a version: the rows that readers see, and the state of the merge, which also remembers
what readers must not see. ``table.json`` names both and the last micro-batch of every flow in one step, so a
micro-batch that Spark repeats after a kill is recognised.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import Observation
from pyspark.sql import functions as F

from cbx.runtime.auto_cdc import CdcSpec as Spec
from cbx.runtime.auto_cdc import merge_changes, target_rows
from cbx.runtime.expectations import NOTHING, Counts, added
from cbx.runtime.problems import RunError
from cbx.runtime.streaming import drain

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from cbx.runtime.auto_cdc import CdcSpec
    from cbx.runtime.definitions import CdcFlow
    from cbx.runtime.flow import FlowContext
    from cbx.runtime.store import TableState

_BATCH = "batch"


def merge_stream(
    context: FlowContext, frame: DataFrame, flow: CdcFlow, table: TableState
) -> tuple[Counts, TableState]:
    """Merge what is new in a stream of changes.

    Args:
        context: The flow.
        frame: The changes.
        flow: How they are to be understood.
        table: The target as it stands.

    Returns:
        Changes that arrived and rows that the target then has, and the target as it is now.
    """
    merger = _Merger(context, spec_of(flow), table)
    drain(context, frame, merger.merge, merger.take_back)
    return merger.total, merger.table


@dataclass(slots=True)
class _Merger:
    """Merges a flow's micro-batches, one after the other."""

    context: FlowContext
    spec: CdcSpec
    table: TableState
    total: Counts = NOTHING

    def merge(self, changes: DataFrame, number: int) -> None:
        """Merge one micro-batch, unless that has been done."""
        if number <= self.table.flows.get(self.context.name, {}).get(_BATCH, -1):
            return
        self.table, done = merged(self.context, self.spec, self.table, changes)
        self.table = remembering(self.table, self.context.name, {_BATCH: number})
        self.context.folder.commit(self.table)
        self.total = added(self.total, done)

    def take_back(self, last: int) -> None:
        """Nothing to undo: a micro-batch that failed has left no trace in ``table.json``."""


def merged(
    context: FlowContext, spec: CdcSpec, table: TableState, changes: DataFrame
) -> tuple[TableState, Counts]:
    """Write the next version of a target."""

    spark, folder = changes.sparkSession, context.folder
    number = table.number + 1
    version = f"v{number}"
    arrived, written = Observation(), Observation()
    before = _parquet(spark, str(folder.internal(table.version))) if table.schema else None
    state = merge_changes(before, changes.observe(arrived, F.count(F.lit(1)).alias("n")), spec)
    _write(state, str(folder.internal(version)))
    rows = target_rows(_parquet(spark, str(folder.internal(version))), spec)
    _write(rows.observe(written, F.count(F.lit(1)).alias("n")), str(folder.rows(version)))
    read = int(arrived.get.get("n") or 0)
    total = int(written.get.get("n") or 0)
    next_table = replace(table, version=version, number=number, schema=rows.schema.json())
    return next_table, Counts(read, total, 0, ())


def remembering(table: TableState, flow: str, facts: dict[str, object]) -> TableState:
    """The table with more for one of its flows to remember."""
    return replace(table, flows={**table.flows, flow: {**table.flows.get(flow, {}), **facts}})


def spec_of(flow: CdcFlow) -> CdcSpec:
    """A flow's arguments with their texts as Spark's columns."""

    sequence = _column(flow.sequence_by)
    if sequence is None:
        raise RunError("sequence_by is missing", place=flow.place)
    return Spec(
        target=flow.target.written,
        keys=flow.keys,
        sequence_by=sequence,
        scd_type=flow.scd_type,
        apply_as_deletes=_column(flow.apply_as_deletes),
        apply_as_truncates=_column(flow.apply_as_truncates),
        ignore_null_updates=flow.ignore_null_updates,
        column_list=flow.column_list,
        except_column_list=flow.except_column_list,
        track_history_column_list=flow.track_history_column_list,
        track_history_except_column_list=flow.track_history_except_column_list,
    )


def _column(value: str | Column | None) -> Column | None:

    return F.expr(value) if isinstance(value, str) else value


def _parquet(spark: SparkSession, folder: str) -> DataFrame:
    return spark.read.parquet(folder)


def _write(rows: DataFrame, folder: str) -> None:
    rows.write.mode("overwrite").option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(
        folder
    )
