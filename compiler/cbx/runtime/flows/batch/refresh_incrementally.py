"""Refreshes a materialized view from the new rows of its inputs.

Either the rows of its query over the new rows are appended, or the rows of the groups that have new rows take the place
of those that it had. In both cases the table is what a recomputation would give.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.flows.batch.changed_groups import FILE, ChangedGroups, KeptRows, compute_again, keep_rows, merge_groups
from cbx.runtime.flows.batch.rewrite_files import choose_files, rewrite_files
from cbx.runtime.flows.expectation_results import ExpectationResults, read_expectation_results
from cbx.runtime.flows.expectations import (
    add_counts,
    mark_violations,
    merge_rule_counts,
    read_counts,
    violation_counts,
)
from cbx.runtime.refresh_rules.find_merge import MergeRule
from cbx.runtime.refresh_rules.find_rule import AppendRule
from cbx.runtime.refresh_rules.query_description import Obstacle
from cbx.runtime.results import NOTHING, Counts, ExpectationMetrics
from cbx.runtime.spark.plans.new_rows import path_of_uri, rows_of_new_files
from cbx.runtime.tables.read_table import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.refresh_rules.find_rule import GroupsRule
    from cbx.runtime.tables.store import TableState


@dataclass(frozen=True, slots=True)
class ChangedInputs:
    """What has changed in the inputs of a view.

    Attributes:
        rule: How that changes its rows.
        files: The new files, by the place of the relation in the plan.
        removed: The files that an input no longer has, by the place of the relation.
    """

    rule: AppendRule | MergeRule | GroupsRule
    files: Mapping[int, Sequence[str]]
    removed: Mapping[int, Sequence[str]]


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
    new: ChangedInputs,
) -> IncrementalResult | Obstacle:
    """Write the rows of a view that new rows of its inputs change, without committing.

    Args:
        context: The flow.
        frame: The query.
        rules: The rules of the table, which its last refresh has checked, too.
        table: The table before.
        new: What has changed in its inputs.

    Returns:
        The result; an obstacle if too many groups have new rows, or their values cannot be compared.

    Raises:
        ExpectationFailedError: If rows violate an expectation that fails the update.
    """
    with keep_rows() as kept:
        before = read_rows(context.folder, table, frame.sparkSession)
        if isinstance(new.rule, AppendRule):
            replaced = NOTHING
            counts, after = _append(context, rows_of_new_files(frame, new.files), rules, table)
        else:
            groups = _change_groups(frame, new.rule, new, before, kept)
            if isinstance(groups, Obstacle):
                return groups
            replaced, files = _count_by_file(groups.old, rules, context)
            changed = frozenset(Path(path_of_uri(uri)) for uri in files)
            if not changed <= {*context.folder.row_files(table)}:
                return Obstacle("it is not known which files have its groups", "PLAN_NOT_INCREMENTALIZABLE")
            if changed:
                counts, after = rewrite_files(context, groups, rules, table, changed)
            else:
                counts, after = _append(context, groups.rows, rules, table)
    last = read_expectation_results(table.verdict)
    verdict = ExpectationResults(last.dropped + counts.dropped, _total(last.rules, counts.rules, replaced.rules))
    return IncrementalResult(replace(counts, deleted=replaced.rows_read), verdict, after)


def _change_groups(
    frame: DataFrame, rule: MergeRule | GroupsRule, new: ChangedInputs, before: DataFrame, kept: KeptRows
) -> ChangedGroups | Obstacle:
    if isinstance(rule, MergeRule):
        return merge_groups(frame, rule, new.files, before, kept)
    return compute_again(frame, rule, new.files, new.removed, before, kept)


def _count_by_file(
    rows: DataFrame, rules: Sequence[DatasetExpectation], context: FlowContext
) -> tuple[Counts, list[str]]:
    """The counts of rows that a view has, and the files that have them."""
    counts = mark_violations(rows, rules).coalesce(1).groupBy(F.col(FILE)).agg(*violation_counts(rules)).collect()
    total = read_counts({}, rules, context.folder.name.written)
    for row in counts:
        total = add_counts(total, read_counts(row.asDict(), rules, context.folder.name.written))
    return total, [row[FILE] for row in counts]


def _append(
    context: FlowContext, rows: DataFrame, rules: Sequence[DatasetExpectation], table: TableState
) -> tuple[Counts, TableState]:
    """Write new rows beside the others; with those of earlier updates if these are in many files."""
    number, folder = context.update, context.folder
    updates = {update.name for update in folder.updates(table)}
    if len(updates) >= context.engine.most_files:
        place = folder.rows(table.version)
        appended = [file for file in folder.row_files(table) if file.relative_to(place).parts[0] in updates]
        small = choose_files({file: file.stat().st_size for file in appended}, frozenset(), most=1)
        return rewrite_files(context, ChangedGroups(rows, rows, lambda others: others, ()), rules, table, small)
    pending = folder.pending_folder(number)
    counts = context.engine.write_and_check(rows, rules, pending, folder.name.written)
    if not counts.written:
        shutil.rmtree(pending)
    return counts, replace(table, number=number, progress=number)


def _total(
    before: Sequence[ExpectationMetrics], added: Sequence[ExpectationMetrics], removed: Sequence[ExpectationMetrics]
) -> tuple[ExpectationMetrics, ...]:
    """The counts of each expectation for the whole table."""
    gone = [replace(rule, passed=-rule.passed, failed=-rule.failed) for rule in removed]
    return merge_rule_counts((*before, *added, *gone))
