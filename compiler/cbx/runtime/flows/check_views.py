"""Views with expectations, which are checked and counted in every flow that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Observation

from cbx.runtime.flow_context import FlowContext, ViewUse
from cbx.runtime.flows.expectations import (
    add_counts,
    check_conditions,
    drop_violating_rows,
    fail_on_violations,
    mark_violations,
    read_counts,
    violation_counts,
)
from cbx.runtime.results import NOTHING, Counts
from cbx.runtime.spark.observations import read_observation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Dataset


def check_view(view: Dataset, frame: DataFrame, context: FlowContext) -> DataFrame:
    """Apply the expectations of a view to its rows.

    The query of the flow that reads the view observes the counts: in the progress of a stream, or in an ``Observation``
    of a batch query.

    Args:
        view: The view.
        frame: Its rows.
        context: The flow that reads it, which keeps where the counts are.
    """
    if not view.expectations:
        return frame
    check_conditions(frame, view.expectations)
    metric = f"cbx view {view.name.key}"
    observation = None if frame.isStreaming else Observation(metric)
    context.reads.views.append(ViewUse(view, metric, observation))
    rows = mark_violations(frame, view.expectations).observe(
        observation or metric, *violation_counts(view.expectations)
    )
    return drop_violating_rows(fail_on_violations(rows, view.expectations, view.name.written), view.expectations)


def view_counts(contexts: Sequence[FlowContext]) -> Counts:
    """The counts of the views that flows have read.

    The counts of a view that several flows read are added up.
    """
    total = NOTHING
    for context in contexts:
        for use in () if context.is_dry else context.reads.views:
            total = add_counts(total, _observed_counts(use, context))
    return total


def _observed_counts(use: ViewUse, context: FlowContext) -> Counts:
    rules, name = use.view.expectations, use.view.name.written
    if use.observation is not None and not context.reads.is_streaming:
        return read_counts(read_observation(use.observation), rules, name)
    total = read_counts({}, rules, name)
    for metrics in context.reads.observed:
        total = add_counts(total, read_counts(metrics.get(use.metric, {}), rules, name))
    return total
