"""Refreshes a materialized view from the new rows of its inputs.

Either the rows of its query over the new rows are appended, or the rows of the groups that have new rows are computed
again and take the place of those that it had. In both cases the table is what a recomputation would give.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Final

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.flows.expectation_results import ExpectationResults, read_expectation_results
from cbx.runtime.flows.expectations import (
    mark_violations,
    merge_rule_counts,
    read_counts,
    violation_counts,
)
from cbx.runtime.refresh_rules.find_rule import AppendRule
from cbx.runtime.results import NOTHING, Counts, ExpectationMetrics
from cbx.runtime.spark.plans.new_rows import comparable_column, is_one_of, rows_of_new_files, values_of_new_files
from cbx.runtime.tables.read_table import read_rows
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.refresh_rules.find_rule import GroupsRule
    from cbx.runtime.tables.store import TableState

MOST_PARTS: Final = 30
"""The most updates whose rows are appended; the next one writes all rows into new files."""


@dataclass(frozen=True, slots=True)
class GrownInputs:
    """The new rows of the inputs of a view.

    Attributes:
        rule: How they change its rows.
        files: The new files, by the place of the relation in the plan.
    """

    rule: AppendRule | GroupsRule
    files: Mapping[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class IncrementalResult:
    """What an incremental refresh did.

    Attributes:
        counts: The counts of the new rows, and how many rows they replace.
        verdict: The results of the expectations for the whole table.
        table: The table, to be committed.
    """

    counts: Counts
    verdict: ExpectationResults
    table: TableState


def refresh_incrementally(
    context: FlowContext,
    frame: DataFrame,
    rules: Sequence[DatasetExpectation],
    table: TableState,
    new: GrownInputs,
) -> IncrementalResult | None:
    """Write the rows of a view that new rows of its inputs change, without committing.

    Args:
        context: The flow.
        frame: The query.
        rules: The rules of the table, which its last refresh has checked, too.
        table: The table before.
        new: The new rows of its inputs.

    Returns:
        The result; None if too many groups have new rows, or their values cannot be compared.

    Raises:
        ExpectationFailedError: If rows violate an expectation that fails the update.
    """
    if isinstance(new.rule, AppendRule):
        rows, condition = rows_of_new_files(frame, new.files), None
    else:
        condition = _condition(frame, new.rule, new.files)
        if condition is None:
            return None
        rows = frame.where(condition)
    before = read_rows(context.folder, table, frame.sparkSession)
    replaced = NOTHING if condition is None else _count(before.where(condition), rules, context)
    kept = _kept_rows(context, before, table, condition, replaced)
    counts, table = _write(context, rows, rules, table, kept)
    last = read_expectation_results(table.verdict)
    verdict = ExpectationResults(last.dropped + counts.dropped, _total(last.rules, counts.rules, replaced.rules))
    return IncrementalResult(replace(counts, deleted=replaced.rows_read), verdict, table)


def _condition(frame: DataFrame, rule: GroupsRule, files: Mapping[int, Sequence[str]]) -> Column | None:
    """The condition on the rows of a view that new rows may change; None if their values are too many, or not exact."""
    values: list[set[object]] = [set() for _ in rule.columns]
    for place, paths in files.items():
        wanted = [
            (number, expression)
            for number, column in enumerate(rule.columns)
            for source, expression in column.sources
            if source == place
        ]
        found = values_of_new_files(frame, place, paths, [expression for _, expression in wanted])
        if found is None:
            return None
        for row in found:
            for (number, _), value in zip(wanted, row, strict=True):
                values[number].add(value)
    fields = [frame.schema[column.place] for column in rule.columns]
    columns = [comparable_column(F.col(quote(field.name)), field.dataType.typeName()) for field in fields]
    return reduce(and_, map(is_one_of, columns, values))


def _count(rows: DataFrame, rules: Sequence[DatasetExpectation], context: FlowContext) -> Counts:
    """The counts of rows that a view has."""
    metrics = mark_violations(rows, rules).agg(*violation_counts(rules)).collect()[0].asDict()
    return read_counts(metrics, rules, context.folder.name.written)


def _kept_rows(
    context: FlowContext, before: DataFrame, table: TableState, condition: Column | None, replaced: Counts
) -> DataFrame | None:
    """The rows to write again with the new ones; None if the new ones are appended."""
    if condition is not None and replaced.rows_read:
        return before.where(~F.coalesce(condition, F.lit(False)))
    parts = [entry for entry in context.folder.rows(table.version).iterdir() if entry.name.isdecimal()]
    return before if len(parts) >= MOST_PARTS else None


def _write(
    context: FlowContext,
    rows: DataFrame,
    rules: Sequence[DatasetExpectation],
    table: TableState,
    kept: DataFrame | None,
) -> tuple[Counts, TableState]:
    """Write new rows, beside the others or with those that are kept."""
    number, folder = context.update, context.folder
    table = replace(table, number=number, progress=number)
    if kept is not None:
        table = replace(table, version=f"v{number}", generation=number)
        place = folder.rows(table.version)
        return context.engine.write_and_check(rows, rules, place, folder.name.written, kept), table
    pending = folder.pending_folder(number)
    counts = context.engine.write_and_check(rows, rules, pending, folder.name.written)
    if not counts.written:
        shutil.rmtree(pending)
    return counts, table


def _total(
    before: Sequence[ExpectationMetrics], added: Sequence[ExpectationMetrics], removed: Sequence[ExpectationMetrics]
) -> tuple[ExpectationMetrics, ...]:
    """The counts of each expectation for the whole table."""
    gone = [replace(rule, passed=-rule.passed, failed=-rule.failed) for rule in removed]
    return merge_rule_counts((*before, *added, *gone))
