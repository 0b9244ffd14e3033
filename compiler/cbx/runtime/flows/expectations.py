"""Applying a dataset's rules to its rows, and counting on the way.

All rules are evaluated on all the rows that come in; a rule that must hold fails first, then rows are
dropped. A NULL is a violation: the condition does not hold. The counts are observed while the rows are
written, so they cost no second pass (the Databricks page "Manage data quality with pipeline expectations").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.problems import RunError
from cbx.runtime.results import ExpectationCount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from cbx.runtime.definitions import DatasetExpectation

_MARK = "__cbx_rule_{}"

_MORE_THAN_A_ROW = {
    "Aggregate": "an aggregate",
    "Window": "a window function",
    "Generate": "a function that makes rows",
}
"""What Spark plans for expressions that are more than one value of one row, by the plan's nodes."""

VIOLATION = "cbx expectation: "
ROWS_READ = "rows_read"
ROWS_DROPPED = "rows_dropped"


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened to the rows of one write."""

    rows_read: int
    written: int
    dropped: int
    rules: tuple[ExpectationCount, ...]
    deleted: int = 0

    @property
    def violated_fail_rules(self) -> tuple[ExpectationCount, ...]:
        """The rules that must hold and did not."""
        return tuple(rule for rule in self.rules if rule.on_violation == "fail" and rule.failed)


NOTHING = Counts(0, 0, 0, ())


def mark_violations(frame: DataFrame, rules: Sequence[DatasetExpectation]) -> DataFrame:
    """The rows with one more boolean column a rule: whether it holds.

    A column, rather than the condition where it is counted and again where it is filtered, so that a condition
    that gives another answer each time (``rand() < 0.5``) still gives one.
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
            f"the expectation `{rule.name}` ({rule.condition}) is not a condition on these rows: {reason}"
        ) from None


def check_conditions(frame: DataFrame, rules: Sequence[DatasetExpectation]) -> None:
    """Hold that rules are conditions on one row, as the page "Manage data quality with pipeline expectations" wants.

    Spark would compute a window function or a subquery for each row, and make more rows of a generator.

    Raises:
        RunError: If a rule looks at other rows or tables, or makes rows.
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
                f"the expectation `{rule.name}` ({rule.condition}) is not a condition on one row: it has {reason}",
                hint="compute it in the query of the dataset, and compare the column",
            )


def _beyond_a_row(plan: Any) -> str | None:
    """What in the plan of a condition is more than an expression on a row."""
    if plan.subqueriesAll().nonEmpty():
        return "a subquery"
    while plan.children().nonEmpty():
        reason = _MORE_THAN_A_ROW.get(plan.nodeName())
        if reason is not None:
            return reason
        plan = plan.children().head()
    return None


def violation_counts(rules: Sequence[DatasetExpectation]) -> list[Column]:
    """What to observe on marked rows: how many there are, how many break each rule, how many are dropped."""
    columns = [F.count(F.lit(1)).alias(ROWS_READ)]
    columns += [F.count_if(~F.col(_MARK.format(index))).alias(f"failed_{index}") for index in range(len(rules))]
    dropping = _dropping_rules(rules)
    if dropping:
        columns.append(F.count_if(~_all_hold(dropping)).alias(ROWS_DROPPED))
    return columns


def drop_violating_rows(frame: DataFrame, rules: Sequence[DatasetExpectation]) -> DataFrame:
    """The marked rows that no rule drops, without the marks."""
    dropping = _dropping_rules(rules)
    if dropping:
        frame = frame.filter(_all_hold(dropping))
    return frame.drop(*(_MARK.format(index) for index in range(len(rules))))


def fail_on_violations(frame: DataFrame, rules: Sequence[DatasetExpectation], dataset: str) -> DataFrame:
    """The marked rows, of which the first to break a rule that must hold stops the query.

    For views, whose rows end up in a flow's write before their counts are known. The filter stands right after
    what is observed, which no optimisation moves a filter across.
    """
    for index, rule in enumerate(rules):
        if rule.on_violation == "fail":
            message = f"{VIOLATION}{dataset}: `{rule.name}` fails"
            holds = F.col(_MARK.format(index))
            frame = frame.filter(F.when(holds, F.lit(True)).otherwise(F.raise_error(message).cast("boolean")))
    return frame


def read_counts(metrics: Mapping[str, int], rules: Sequence[DatasetExpectation], dataset: str) -> Counts:
    """Read what was observed.

    Args:
        metrics: The observed values by name; empty if Spark had no row to observe.
        rules: The rules in the order in which they were marked.
        dataset: The dataset that the rules belong to.
    """
    read = int(metrics.get(ROWS_READ) or 0)
    failed = [int(metrics.get(f"failed_{index}") or 0) for index in range(len(rules))]
    dropped = int(metrics.get(ROWS_DROPPED) or 0)
    return Counts(
        read,
        read - dropped,
        dropped,
        tuple(
            ExpectationCount(rule.name, dataset, rule.on_violation, read - bad, bad, rule.condition)
            for rule, bad in zip(rules, failed, strict=True)
            if bad or not rule.is_constraint
        ),
    )


def add_counts(first: Counts, second: Counts) -> Counts:
    """The counts of two writes together."""
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


def merge_rule_counts(rules: Sequence[ExpectationCount]) -> tuple[ExpectationCount, ...]:
    """The counts of each rule together, in the order in which the rules first occur."""
    found: dict[tuple[str, str], ExpectationCount] = {}
    for rule in rules:
        key = (rule.dataset, rule.name)
        other = found.get(key)
        found[key] = rule if other is None else _sum(other, rule)
    return tuple(found.values())


def _sum(first: ExpectationCount, second: ExpectationCount) -> ExpectationCount:
    return ExpectationCount(
        first.name,
        first.dataset,
        first.on_violation,
        first.passed + second.passed,
        first.failed + second.failed,
        first.condition,
    )
