"""Replaces all rows of a batch table in one step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cbx.runtime.flows.expectations import drop_violating_rows, mark_violations
from cbx.runtime.results import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.results import Counts
    from cbx.runtime.tables.store import TableState


def replace_rows(
    context: FlowContext, frame: DataFrame, rules: Sequence[DatasetExpectation], table: TableState
) -> tuple[Counts, TableState]:
    """Write the rows of a table as a new version, which is not published yet.

    Args:
        context: The flow.
        frame: The rows.
        rules: The table's rules.
        table: The table after the update.

    Returns:
        The counts of the rows, and the table, to be committed.

    Raises:
        ExpectationFailedError: If rows violate an expectation that fails the update.
    """
    new_table = replace(table, schema=frame.schema.json())
    if context.is_dry:
        drop_violating_rows(mark_violations(frame, rules), rules)
        context.folder.rows(table.version).mkdir(parents=True)
        return NOTHING, new_table
    counts = context.engine.write_and_check(
        frame, rules, context.folder.rows(table.version), context.folder.name.written
    )
    return counts, new_table
