"""Refreshes a batch table: keeps its rows, computes those that have changed, or recomputes all of them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cbx.runtime.errors import RunError
from cbx.runtime.flows.batch.refresh_incrementally import ChangedInputs, IncrementalResult, refresh_incrementally
from cbx.runtime.flows.batch.replace_rows import replace_rows
from cbx.runtime.flows.check_views import view_counts
from cbx.runtime.flows.declared_shape import Shape
from cbx.runtime.flows.expectation_results import (
    expectation_results,
    last_expectation_results,
    read_expectation_results,
    view_rules,
)
from cbx.runtime.flows.refresh_result import RefreshResult, other_kind
from cbx.runtime.refresh_rules.find_merge import MergeRule
from cbx.runtime.refresh_rules.find_rule import AppendRule, GroupsRule, find_rule
from cbx.runtime.refresh_rules.query_description import Obstacle, QueryDescription, find_changes
from cbx.runtime.results import NOTHING, RefreshDecision, Technique
from cbx.runtime.tables.rewritten_files import record_rewrite
from cbx.runtime.tables.store import TableState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Dataset, DatasetExpectation
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
    choice = _choose(context, frame, shape.rules, table, query)
    if table is not None and isinstance(choice, ChangedInputs):
        result = _refresh_changes(context, frame, shape.rules, table, choice)
        if isinstance(result, IncrementalResult):
            decision = RefreshDecision(_TECHNIQUES[type(choice.rule)])
            return _commit(context, result, table, query, decision, is_certain=is_certain)
        choice = result
    if table is not None and choice is None:
        verdict = last_expectation_results(table.verdict, {**shape.named_rules, **view_rules((context,))})
        decision = RefreshDecision("NO_OP")
        return RefreshResult("batch", NOTHING, verdict, did_work=False, is_certain=is_certain, decision=decision)
    counts, new_table = replace_rows(context, frame, shape.rules, new_table)
    verdict = expectation_results(counts, view_counts((context,)), "batch")
    reason = choice if isinstance(choice, Obstacle) else _FIRST
    decision = RefreshDecision("COMPLETE_RECOMPUTE", *reason)
    result = IncrementalResult(counts, verdict, new_table)
    return _commit(context, result, table, query, decision, is_certain=is_certain)


def _refresh_changes(
    context: FlowContext,
    frame: DataFrame,
    rules: Sequence[DatasetExpectation],
    table: TableState,
    changes: ChangedInputs,
) -> IncrementalResult | Obstacle:
    """Refresh a table from what has changed; an obstacle if that is not possible, and nothing is written."""
    try:
        return refresh_incrementally(context, frame, rules, table, changes)
    except RunError:
        raise
    except Exception:
        if not isinstance(changes.rule, MergeRule):
            raise
    # The sum of some rows may have no place in its type, though the sum of all rows has one.
    context.folder.drop_version(f"v{context.update}")
    shutil.rmtree(context.folder.pending_folder(context.update), ignore_errors=True)
    return Obstacle("results of its groups could not be merged", "PLAN_NOT_INCREMENTALIZABLE")


def _commit(
    context: FlowContext,
    result: IncrementalResult,
    before: TableState | None,
    query: QueryDescription,
    decision: RefreshDecision,
    *,
    is_certain: bool,
) -> RefreshResult:
    record_rewrite(context.folder, before, result.table)
    context.folder.commit(replace(result.table, query=query.document(), verdict=result.verdict.document()))
    context.folder.tidy()
    return RefreshResult("batch", result.counts, result.verdict, is_certain=is_certain, decision=decision)


def _choose(
    context: FlowContext,
    frame: DataFrame,
    rules: Sequence[DatasetExpectation],
    table: TableState | None,
    query: QueryDescription,
) -> ChangedInputs | Obstacle | None:
    """How to refresh a table: from new rows, as a whole for a reason, or not at all."""
    if table is None:
        return _FIRST
    changes = find_changes(table.query, query)
    if isinstance(changes, Obstacle):
        return changes
    changed = {**changes.added, **changes.removed}
    if not changed:
        return None
    tables = (context.folder.state / "tables").as_posix()
    outside = [folder for folder in changed if not folder.startswith(f"{tables}/")]
    if outside:
        return Obstacle(f"`{outside[0]}` has new files", "INPUT_NOT_IN_DELTA")
    files = [file for part in changes for folder in part for file in part[folder]]
    if not all(Path(file.path).is_file() for file in files):
        return Obstacle("the files of its new rows have been replaced", "DATA_FILE_MISSING")
    size = sum(file.size for folder in changed for file in query.inputs[folder])
    if size < context.engine.smallest_incremental:
        return Obstacle("its inputs are small", "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL")
    known = {rule.name for rule in read_expectation_results(table.verdict).rules}
    if not {rule.name for rule in rules if not rule.is_constraint} <= known:
        return Obstacle("the results of its expectations are not known", "PRIOR_TIMESTAMP_MISSING")
    plan = context.engine.read_plan(frame)
    places = {place: folder for place, folder in enumerate(query.relations) if folder in changed}
    rewritten = {place for place, folder in places.items() if folder in changes.removed}
    rule = plan if isinstance(plan, Obstacle) else find_rule(plan, places, rewritten)
    if isinstance(rule, Obstacle):
        return rule
    drops = any(each.on_violation == "drop" for each in rules)
    if context.reads.views or (drops and not isinstance(rule, AppendRule)):
        return Obstacle(
            "an expectation drops rows, or a view that it reads has expectations", "EXPECTATIONS_NOT_SUPPORTED"
        )
    added, removed = (
        {place: [file.path for file in part[folder]] for place, folder in places.items() if folder in part}
        for part in changes
    )
    return ChangedInputs(rule, added, removed)


_TECHNIQUES: Final[Mapping[type, Technique]] = {
    AppendRule: "APPEND_ONLY",
    MergeRule: "GROUP_AGGREGATE",
    GroupsRule: "GENERIC_AGGREGATE",
}
