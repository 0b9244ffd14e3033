"""Refreshes a batch table: keeps its rows if nothing has changed that they depend on, and recomputes them otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cbx.runtime.flows.batch.replace_rows import replace_rows
from cbx.runtime.flows.check_views import view_counts
from cbx.runtime.flows.declared_shape import Shape
from cbx.runtime.flows.expectation_results import expectation_results, last_expectation_results, view_rules
from cbx.runtime.flows.refresh_result import RefreshResult, other_kind
from cbx.runtime.refresh_rules.query_description import Obstacle, QueryDescription, find_change
from cbx.runtime.results import NOTHING, RefreshDecision
from cbx.runtime.tables.store import TableState

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Dataset
    from cbx.runtime.flow_context import FlowContext

_FIRST = Obstacle("it has no rows yet", "CHANGE_SET_MISSING")


def refresh_batch_table(
    dataset: Dataset, context: FlowContext, frame: DataFrame, table: TableState | None
) -> RefreshResult:
    """Refresh a batch table.

    Args:
        dataset: Its definition.
        context: Its flow.
        frame: The rows of its query.
        table: The table before; None if it has none, or in a full refresh.
    """
    if table is not None and table.kind != "batch":
        raise other_kind(table, "batch")
    number = context.update
    new_table = TableState(dataset.name.written, "batch", f"v{number}", number, number, "", progress=number)
    shape, engine = Shape.of(dataset), context.engine
    frame = shape.apply(frame)
    engine.check_conditions(frame, shape.rules)
    query = engine.describe_query(frame, shape.rules)
    is_certain = query.definition is not None and engine.reads_only_known_files(frame, context)
    decision = _decide(table, query)
    if table is not None and decision.technique == "NO_OP":
        verdict = last_expectation_results(table.verdict, {**shape.named_rules, **view_rules((context,))})
        return RefreshResult("batch", NOTHING, verdict, did_work=False, is_certain=is_certain, decision=decision)
    counts, new_table = replace_rows(context, frame, shape.rules, new_table)
    verdict = expectation_results(counts, view_counts((context,)), "batch")
    context.folder.commit(replace(new_table, query=query.document(), verdict=verdict.document()))
    context.folder.tidy()
    return RefreshResult("batch", counts, verdict, is_certain=is_certain, decision=decision)


def _decide(table: TableState | None, query: QueryDescription) -> RefreshDecision:
    """How to refresh a table."""
    change = _FIRST if table is None else find_change(table.query, query)
    return RefreshDecision("NO_OP") if change is None else RefreshDecision("COMPLETE_RECOMPUTE", *change)
