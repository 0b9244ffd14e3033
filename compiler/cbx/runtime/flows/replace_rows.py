"""Filling a batch table: all of its rows anew, switched in one step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cbx.runtime.flows.append_stream import write_checked
from cbx.runtime.flows.expectations import NOTHING, drop_violating_rows, mark_violations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.flows.expectations import Counts
    from cbx.runtime.tables.store import TableState


def replace_rows(
    context: FlowContext, frame: DataFrame, rules: Sequence[DatasetExpectation], table: TableState
) -> tuple[Counts, TableState]:
    """Write a table's rows as a version that nobody reads yet.

    Args:
        context: The flow.
        frame: The rows.
        rules: The table's rules.
        table: The table as it is to be.

    Returns:
        What happened to the rows, and the table, to be committed.

    Raises:
        ExpectationFailedError: If a rule that must hold does not.
    """
    made = replace(table, schema=frame.schema.json())
    if context.is_dry:
        drop_violating_rows(mark_violations(frame, rules), rules)
        context.folder.rows(table.version).mkdir(parents=True)
        return NOTHING, made
    done = write_checked(frame, rules, context.folder.rows(table.version), context.folder.name.written)
    return done, made
