"""Expectations: marking, counting, dropping and failing on rows that violate them.

All expectations are evaluated on all incoming rows. Those that fail the update come first, then rows are dropped. A
NULL is a violation. The counts are observed while the rows are written, so they need no second pass
(the Databricks page "Manage data quality with pipeline expectations").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.runtime.errors import RunError
from cbx.runtime.results import Counts, ExpectationMetrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from cbx.runtime.definitions import DatasetExpectation

_MARK = "__cbx_rule_{}"

_MORE_THAN_A_ROW = {
    "Aggregate": "an aggregate",
    "Window": "a window function",
    "Generate": "a function that generates rows",
}
"""Nodes of Spark's plans for expressions that need more than one row."""

VIOLATION = "cbx expectation: "
ROWS_READ = "rows_read"
ROWS_DROPPED = "rows_dropped"


def mark_violations(frame: DataFrame, rules: Sequence[DatasetExpectation]) -> DataFrame:
    """Add one boolean column per expectation: whether the row meets it.

    The condition is evaluated once, in a column, so that counts and filters agree for ``rand() < 0.5``.
    """
    if not rules:
        return frame

    try:
        holds = [
            F.coalesce(F.expr(rule.condition).cast("boolean"), F.lit(False)).alias(_MARK.format(index))
            for index, rule in enumerate(rules)
        ]
        return frame.select("*", *holds)
    except AnalysisException:
        for rule in rules:
            _check(frame, rule)
        raise


def _check(frame: DataFrame, rule: DatasetExpectation) -> None:
    try:
        frame.select(F.expr(rule.condition).cast("boolean"))
    except AnalysisException as error:
        reason = (error.getMessage() or str(error)).partition(" SQLSTATE")[0].splitlines()[0]
        raise RunError(
            INVALID_DEFINITION, f"the expectation `{rule.name}` ({rule.condition}) is invalid: {reason}"
        ) from None


def check_conditions(frame: DataFrame, rules: Sequence[DatasetExpectation]) -> None:
    """Check that expectations are conditions on one row (see "Manage data quality with pipeline expectations").

    Spark would evaluate a window function or a subquery for each row, and a generator would add rows.

    Raises:
        RunError: If an expectation needs other rows or tables, or generates rows.
    """
    if not rules:
        return
    empty = frame.sparkSession.createDataFrame([], frame.schema)
    for rule in rules:
        try:
            probe: Any = empty.select(F.expr(rule.condition))
        except AnalysisException:
            continue
        reason = _beyond_a_row(probe._jdf.queryExecution().analyzed())  # noqa: SLF001 - only Spark knows all its functions
        if reason is not None:
            raise RunError(
                INVALID_DEFINITION,
                f"the expectation `{rule.name}` ({rule.condition}) has {reason}, which is not a condition on one row",
                hint="compute it as a column in the query of the dataset, and check the column",
            )


def _beyond_a_row(plan: Any) -> str | None:
    """The part of a condition's plan that needs more than one row; None if there is none."""
    if plan.subqueriesAll().nonEmpty():
        return "a subquery"
    while plan.children().nonEmpty():
        reason = _MORE_THAN_A_ROW.get(plan.nodeName())
        if reason is not None:
            return reason
        plan = plan.children().head()
    return None


def violation_counts(rules: Sequence[DatasetExpectation]) -> list[Column]:
    """The metrics to observe on marked rows: how many rows there are, violate each expectation, and are dropped."""
    columns = [F.count(F.lit(1)).alias(ROWS_READ)]
    columns += [F.count_if(~F.col(_MARK.format(index))).alias(f"failed_{index}") for index in range(len(rules))]
    dropping = _dropping_rules(rules)
    if dropping:
        columns.append(F.count_if(~_all_hold(dropping)).alias(ROWS_DROPPED))
    return columns


def drop_violating_rows(frame: DataFrame, rules: Sequence[DatasetExpectation]) -> DataFrame:
    """Remove the marked rows that an expectation drops, and the marks."""
    dropping = _dropping_rules(rules)
    if dropping:
        frame = frame.filter(_all_hold(dropping))
    return frame.drop(*(_MARK.format(index) for index in range(len(rules))))


def fail_on_violations(frame: DataFrame, rules: Sequence[DatasetExpectation], dataset: str) -> DataFrame:
    """Stop the query at the first marked row that violates an expectation that fails the update.

    For views, whose rows are written by a flow before their counts are known. The filter comes directly after the
    observation, and no optimization moves a filter across one.
    """
    for index, rule in enumerate(rules):
        if rule.on_violation == "fail":
            message = f"{VIOLATION}{dataset}: `{rule.name}` failed"
            holds = F.col(_MARK.format(index))
            frame = frame.filter(F.when(holds, F.lit(True)).otherwise(F.raise_error(message).cast("boolean")))
    return frame


def read_counts(metrics: Mapping[str, int], rules: Sequence[DatasetExpectation], dataset: str) -> Counts:
    """Read the observed metrics.

    Args:
        metrics: The observed values by name; empty if Spark had no row to observe.
        rules: The expectations, in the order of ``mark_violations``.
        dataset: The dataset that has the expectations.
    """
    read = int(metrics.get(ROWS_READ) or 0)
    failed = [int(metrics.get(f"failed_{index}") or 0) for index in range(len(rules))]
    dropped = int(metrics.get(ROWS_DROPPED) or 0)
    return Counts(
        read,
        read - dropped,
        dropped,
        tuple(
            ExpectationMetrics(rule.name, dataset, rule.on_violation, read - bad, bad, rule.condition)
            for rule, bad in zip(rules, failed, strict=True)
            if bad or not rule.is_constraint
        ),
    )


def add_counts(first: Counts, second: Counts) -> Counts:
    """The sum of the counts of two writes."""
    rules = merge_rule_counts((*first.rules, *second.rules))
    return Counts(
        first.rows_read + second.rows_read,
        first.written + second.written,
        first.dropped + second.dropped,
        rules,
        first.deleted + second.deleted,
    )


def _dropping_rules(rules: Sequence[DatasetExpectation]) -> list[int]:
    return [index for index, rule in enumerate(rules) if rule.on_violation == "drop"]


def _all_hold(indices: Sequence[int]) -> Column:

    holds = F.lit(True)
    for index in indices:
        holds = holds & F.col(_MARK.format(index))
    return holds


def merge_rule_counts(rules: Sequence[ExpectationMetrics]) -> tuple[ExpectationMetrics, ...]:
    """The sum of the counts of each expectation, in the order of their first occurrence."""
    merged: dict[tuple[str, str], ExpectationMetrics] = {}
    for rule in rules:
        key = (rule.dataset, rule.name)
        other = merged.get(key)
        merged[key] = rule if other is None else _sum(other, rule)
    return tuple(merged.values())


def _sum(first: ExpectationMetrics, second: ExpectationMetrics) -> ExpectationMetrics:
    return ExpectationMetrics(
        first.name,
        first.dataset,
        first.on_violation,
        first.passed + second.passed,
        first.failed + second.failed,
        first.condition,
    )
