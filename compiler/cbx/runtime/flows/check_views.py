"""Views with rules: checked and counted wherever a flow reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Observation

from cbx.runtime.flow_context import FlowContext, ViewUse
from cbx.runtime.flows.expectations import (
    NOTHING,
    Counts,
    add_counts,
    check_conditions,
    drop_violating_rows,
    fail_on_violations,
    mark_violations,
    read_counts,
    violation_counts,
)
from cbx.runtime.spark.observations import read_observation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Dataset


def check_view(view: Dataset, frame: DataFrame, context: FlowContext) -> DataFrame:
    """A view's rows with its rules applied.

    The counts are observed by the query of the flow that reads the view. A stream's come with its progress, a
    batch's through an object.

    Args:
        view: The view.
        frame: What its function returned.
        context: The flow that reads it; remembers where the counts will be.
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
    """What happened to the rows of the views that some flows read, after those flows have run.

    A view that several flows read is one view, whose counts are those of all of them together.
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
