"""Merges changes into a target of AUTO CDC: each micro-batch once, and a whole update at once.

A version of the target has two folders: the rows for readers, and the state of the merge, which also has rows that
readers do not see. Each micro-batch writes a version; the commit of the update publishes the last one.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import Observation
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.auto_cdc import (
    CdcSpec,
    CdcSpecError,
    ChangedRowError,
    changed_row_error,
    merge_changes,
    target_rows,
)
from cbx.runtime.errors import RunError
from cbx.runtime.flows.append_stream import drain, write_and_check
from cbx.runtime.flows.expectations import NOTHING, Counts, add_counts
from cbx.runtime.spark.observations import read_observation, read_write_observation

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from cbx.runtime.definitions import CdcFlow
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.flows.declared_shape import Shape
    from cbx.runtime.tables.flow_memory import FlowMemory
    from cbx.runtime.tables.store import TableFolder, TableState


@dataclass(slots=True)
class Merger:
    """Merges the changes of one flow into its target.

    Attributes:
        context: The flow.
        spec: The arguments of the flow.
        shape: The declared columns and expectations of the target.
        table: The target, as of the last micro-batch.
        total: The counts so far.
    """

    context: FlowContext
    spec: CdcSpec
    shape: Shape
    table: TableState
    total: Counts = NOTHING

    def merge_stream(self, frame: DataFrame) -> None:
        """Merge the new rows of a stream of changes."""
        drain(self.context, frame, lambda changes, _: self.merge(changes))
        if not self.table.schema:
            self.merge(frame.sparkSession.createDataFrame([], frame.schema))

    def merge(self, changes: DataFrame, memory: FlowMemory | None = None) -> None:
        """Merge some changes.

        Args:
            changes: The changes.
            memory: The new memory of the flow; None to keep it.

        Raises:
            RunError: If the changes do not fit the target, or one has no sequence.
        """
        if self.context.is_dry:
            changes = changes.sparkSession.createDataFrame([], changes.schema)
        try:
            table, counts = self._next_version(changes)
        except Exception as error:
            explained = _explain(error)
            if explained is None:
                raise
            raise RunError(explained.code, explained.reason, hint=explained.hint) from None
        merged, self.table = self.table, table.remember(self.context.name, memory or table.memory(self.context.name))
        self.total = add_counts(self.total, counts)
        if merged.schema and merged.number >= self.context.update:
            self.context.folder.drop_version(merged.version)

    def _next_version(self, changes: DataFrame) -> tuple[TableState, Counts]:
        """Write the next version of the target, which is not published yet."""
        spark, folder, table = changes.sparkSession, self.context.folder, self.table
        number = table.number + 1 if table.schema else table.number
        version = f"v{number}"
        arrived, written = Observation(), Observation()
        before = _parquet(spark, folder, table.version) if table.schema else None
        counted = changes.observe(arrived, F.count(F.lit(1)).alias("n"))
        _write(merge_changes(before, counted, self.spec, written), str(folder.merge_state_folder(version)))
        rows = target_rows(_parquet(spark, folder, version), self.spec)
        rows = self.shape.apply_to_history(rows) if self.spec.scd_type == 2 else self.shape.apply(rows)
        shutil.rmtree(folder.rows(version), ignore_errors=True)
        write_and_check(rows, self.shape.rules, folder.rows(version), folder.name.written)
        read = int(read_write_observation(changes, arrived).get("n") or 0)
        target = read_observation(written) if not read else read_write_observation(changes, written)
        upserted, deleted = (int(target.get(name) or 0) for name in ("num_upserted_rows", "num_deleted_rows"))
        counts = Counts(read, upserted, 0, (), deleted)
        return replace(table, version=version, number=number, schema=rows.schema.json()), counts


def _explain(error: Exception) -> CdcSpecError | ChangedRowError | None:
    return error if isinstance(error, CdcSpecError) else changed_row_error(error)


def cdc_spec(flow: CdcFlow) -> CdcSpec:
    """The arguments of a flow, with expressions as Spark columns.

    Raises:
        RunError: If they contradict each other.
    """
    try:
        return CdcSpec(
            target=flow.target.written,
            keys=flow.keys,
            sequence_by=_column(flow.sequence_by),
            scd_type=flow.scd_type,
            apply_as_deletes=_condition(flow.apply_as_deletes),
            apply_as_truncates=_condition(flow.apply_as_truncates),
            ignore_null_updates=flow.ignore_null_updates,
            column_list=flow.column_list,
            except_column_list=flow.except_column_list,
            track_history_column_list=flow.track_history_column_list,
            track_history_except_column_list=flow.track_history_except_column_list,
        )
    except CdcSpecError as error:
        raise RunError(error.code, error.reason, span=flow.span, hint=error.hint) from None


def _column(value: str | Column) -> Column:
    return F.expr(value) if isinstance(value, str) else value


def _condition(value: str | Column | None) -> Column | None:
    return None if value is None else _column(value)


def _parquet(spark: SparkSession, folder: TableFolder, version: str) -> DataFrame:
    return spark.read.parquet(str(folder.merge_state_folder(version)))


def _write(rows: DataFrame, folder: str) -> None:
    writer = rows.write.mode("overwrite")
    writer.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(folder)
