"""Merges changes into a target of AUTO CDC: each micro-batch once, and a whole update at once.

A version of the target has two folders: the rows for readers, and the state of the merge, which also has rows that
readers do not see. Each micro-batch writes a version; the commit of the update publishes the last one.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.auto_cdc import (
    CdcSpec,
    CdcSpecError,
    find_merge_error,
    target_rows,
)
from cbx.runtime.errors import RunError
from cbx.runtime.flows.expectations import add_counts
from cbx.runtime.results import NOTHING, Counts
from cbx.runtime.tables.merge_state import read_merge_state

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

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
        self.context.engine.drain(self.context, frame, lambda changes, _: self.merge(changes))
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
        except Exception as error:  # Spark wraps the error of a change, in different classes
            explained = find_merge_error(error)
            if explained is None:
                raise
            raise RunError(explained.code, explained.reason, hint=explained.hint) from None
        merged, self.table = self.table, table.remember(self.context.name, memory or table.memory(self.context.name))
        self.total = add_counts(self.total, counts)
        if merged.schema and merged.number >= self.context.update:
            self.context.folder.drop_version(merged.version)

    def _next_version(self, changes: DataFrame) -> tuple[TableState, Counts]:
        """Write the next version of the target, which is not published yet."""
        engine, folder, table = self.context.engine, self.context.folder, self.table
        number = table.number + 1 if table.schema else table.number
        version = f"v{number}"
        before = folder.merge_state_folder(table.version) if table.schema else None
        state = folder.merge_state_folder(version)
        merged = engine.merge_changes(before, changes, self.spec, state)
        rows = target_rows(read_merge_state(changes.sparkSession, state), self.spec)
        rows = self.shape.apply_to_history(rows) if self.spec.scd_type == 2 else self.shape.apply(rows)
        shutil.rmtree(folder.rows(version), ignore_errors=True)
        engine.write_and_check(rows, self.shape.rules, folder.rows(version), folder.name.written)
        counts = Counts(merged.read, merged.upserted, 0, (), merged.deleted)
        return replace(table, version=version, number=number, schema=rows.schema.json()), counts


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
