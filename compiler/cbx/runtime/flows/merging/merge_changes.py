"""Merges changes into a target of AUTO CDC: each micro-batch once, and a whole update at once.

A version of the target has two folders: the rows for readers, and the state of the merge, which also has rows that
readers do not see. Each micro-batch writes a version; the commit of the update publishes the last one. Both folders of
a large target are divided into buckets by its keys; a version has links to the files of those that did not change.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.auto_cdc import (
    BUCKET,
    CdcSpec,
    CdcSpecError,
    bucket_of_key,
    find_merge_error,
    names_of_key,
    target_rows,
)
from cbx.runtime.errors import RunError
from cbx.runtime.flows.expectations import add_counts
from cbx.runtime.flows.merging.merge_buckets import MergedState, merge_buckets
from cbx.runtime.results import NOTHING, Counts
from cbx.runtime.tables.bucket_files import link_other_buckets
from cbx.runtime.tables.merge_state import MergeState, open_merge_state
from cbx.runtime.tables.schema import are_alike, read_struct

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from cbx.runtime.definitions import CdcFlow
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.flows.declared_shape import Shape
    from cbx.runtime.tables.flow_memory import FlowMemory
    from cbx.runtime.tables.store import TableState


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
        self.context.engine.drain(self.context, frame, lambda changes, _: self.merge(changes, frame))
        if not self.table.schema:
            self.merge(frame.sparkSession.createDataFrame([], frame.schema))

    def merge(self, changes: DataFrame, query: DataFrame | None = None, memory: FlowMemory | None = None) -> None:
        """Merge some changes.

        Args:
            changes: The changes.
            query: The query whose plan tells their size; None if none does.
            memory: The new memory of the flow; None to keep it.

        Raises:
            RunError: If the changes do not fit the target, or one has no sequence.
        """
        if self.context.is_dry:
            changes = changes.sparkSession.createDataFrame([], changes.schema)
        try:
            table, counts = self._next_version(changes, query)
        except Exception as error:  # Spark wraps the error of a change, in different classes
            explained = find_merge_error(error)
            if explained is None:
                raise
            raise RunError(explained.code, explained.reason, hint=explained.hint) from None
        merged, self.table = self.table, table.remember(self.context.name, memory or table.memory(self.context.name))
        self.total = add_counts(self.total, counts)
        if merged.schema and merged.number >= self.context.update:
            self.context.folder.drop_version(merged.version)

    def _next_version(self, changes: DataFrame, query: DataFrame | None) -> tuple[TableState, Counts]:
        """Write the next version of the target, which is not published yet."""
        engine, folder, table = self.context.engine, self.context.folder, self.table
        number = table.number + 1 if table.schema else table.number
        version = f"v{number}"
        before = open_merge_state(folder.merge_state_folder(table.version)) if table.schema else None
        state = MergeState(folder.merge_state_folder(version), None, definition=self._definition())
        merged = merge_buckets(engine, before, changes, query, self.spec, state)
        written = open_merge_state(state.folder)
        schema = self._write_target(changes.sparkSession, written, merged, folder.rows(version))
        counts = Counts(merged.counts.read, merged.counts.upserted, 0, (), merged.counts.deleted)
        return replace(table, version=version, number=number, schema=schema.json()), counts

    def _write_target(self, spark: SparkSession, state: MergeState, merged: MergedState, target: Path) -> StructType:
        """Write the rows of the target that the state has, and return their columns."""
        engine, table, name = self.context.engine, self.table, self.context.folder.name.written
        shutil.rmtree(target, ignore_errors=True)
        if merged.buckets == 1:
            rows = self._target_rows(engine.read_merge_state(spark, state))
            engine.write_and_check(rows, self.shape.rules, target, name)
            return rows.schema
        rows = self._divided_rows(spark, state, merged.written)
        columns = rows.drop(BUCKET).schema
        written = merged.written
        if written is not None and not are_alike(columns, read_struct(table.schema)):
            rows, written = self._divided_rows(spark, state, None), None
        engine.write_and_check(rows, self.shape.rules, target, name, is_divided=True)
        if written is not None:
            link_other_buckets(self.context.folder.rows(table.version), target, written)
        if not any(target.glob("*.parquet")):
            shutil.rmtree(target)
            empty = spark.createDataFrame([], columns)
            engine.write_and_check(empty, (), target, name)
        return columns

    def _divided_rows(self, spark: SparkSession, state: MergeState, numbers: Collection[int] | None) -> DataFrame:
        """The rows of the target in some buckets, with the numbers of these."""
        rows = self.context.engine.read_merge_state(spark, state, numbers)
        return self._target_rows(rows.withColumn(BUCKET, bucket_of_key(self.spec.keys, rows.schema, state.buckets)))

    def _target_rows(self, state: DataFrame) -> DataFrame:
        rows = target_rows(state, self.spec)
        return self.shape.apply_to_history(rows) if self.spec.scd_type == 2 else self.shape.apply(rows)

    def _definition(self) -> str:
        """A hash of what the rows of the state and of the target depend on, apart from the changes."""
        spec, columns = self.spec, self.shape.columns
        parts = [
            *names_of_key(spec.keys),
            spec.scd_type,
            spec.track_history_column_list,
            spec.track_history_except_column_list,
            None if columns is None else (columns.fields.json(), sorted(columns.generated.items())),
            *((rule.name, rule.condition, rule.on_violation) for rule in self.shape.rules),
            self.context.engine.spark.conf.get("spark.sql.session.timeZone"),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


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
