"""Refreshes one table by its flows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.runtime.auto_loader import AutoLoaderError, explain_failure
from cbx.runtime.definitions import AppendFlow, CdcFlow, Dataset, Flow, Query, ReplaceFlow, SnapshotFlow
from cbx.runtime.errors import RunError
from cbx.runtime.flow_context import FlowContext
from cbx.runtime.flows.append_stream import append_once, append_stream, check_streaming
from cbx.runtime.flows.batch.refresh_batch_table import refresh_batch_table
from cbx.runtime.flows.check_views import view_counts
from cbx.runtime.flows.declared_shape import Shape
from cbx.runtime.flows.expectation_results import (
    expectation_results,
    last_expectation_results,
    view_rules,
)
from cbx.runtime.flows.expectations import add_counts
from cbx.runtime.flows.merging.merge_changes import Merger, cdc_spec
from cbx.runtime.flows.merging.merge_snapshots import merge_snapshots
from cbx.runtime.flows.merging.record_changes import record_changes
from cbx.runtime.flows.refresh_result import RefreshResult, other_kind
from cbx.runtime.flows.rewrite_table import TableRewriter
from cbx.runtime.results import NOTHING, Counts
from cbx.runtime.spark.configuration import settings
from cbx.runtime.tables.change_feed import has_change_readers
from cbx.runtime.tables.compaction.compact_table import compact_table
from cbx.runtime.tables.rewritten_files import record_rewrite
from cbx.runtime.tables.store import TableFolder, TableState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.flow_context import Engine
    from cbx.runtime.names import DatasetName
    from cbx.runtime.results import TableKind

_STARTS = 5
_HISTORY = 2
_BY_STREAMS: Final = {"streaming", "rewritten"}
"""The kinds of tables of append flows; the query of the flow decides which."""
_SCD_KINDS: Final[Mapping[int, TableKind]] = {1: "scd 1", 2: "scd 2"}


class Queries(Protocol):
    """Calls the queries of notebooks for a flow."""

    engine: Engine

    def evaluate(self, query: Query, context: FlowContext) -> DataFrame:
        """Call a function that returns rows."""

    def read_dataset(self, name: DatasetName, context: FlowContext, *, is_stream: bool) -> DataFrame:
        """Read a dataset."""


def refresh_table(
    dataset: Dataset,
    flows: Sequence[Flow],
    folder: TableFolder,
    queries: Queries,
    *,
    full_refresh: bool,
    is_dry: bool = False,
) -> RefreshResult:
    """Refresh a table.

    Args:
        dataset: Its definition.
        flows: The flows that target it, beside the definition's own query.
        folder: Its folder.
        queries: Calls the functions of notebooks.
        full_refresh: Whether to drop its rows and checkpoints first.
        is_dry: Whether the flows are only checked: the table gets its columns and no rows.
    """
    table = None if full_refresh and dataset.is_reset_allowed else folder.read_state()
    number = folder.begin(table)
    if dataset.query is None:
        return _refresh_by_flows(dataset, flows, folder, table, queries, is_dry=is_dry)
    flow = _own_flow(dataset, dataset.query)
    context = FlowContext(queries.engine, flow.name, folder, number, is_dry)
    frame = queries.evaluate(flow.query, context)
    if queries.engine.is_stream(frame):
        if dataset.kind == "materialized_view":
            raise RunError(
                INVALID_DEFINITION,
                f"the query of the materialized view `{dataset.name.written}` reads a stream",
                hint="define it with @dp.table, or read with spark.read",
            )
        return _refresh_by_flows(dataset, [flow, *flows], folder, table, queries, is_dry=is_dry)
    if flows:
        raise RunError(
            INVALID_DEFINITION,
            f"flows cannot append to `{dataset.name.written}`, which has a batch query",
            hint="define the target with create_streaming_table",
        )
    return refresh_batch_table(dataset, context, frame, table)


def _own_flow(dataset: Dataset, query: Query) -> AppendFlow | ReplaceFlow:
    """The flow of a definition's own query."""
    if not dataset.replace_using:
        return AppendFlow(dataset.name, dataset.name.key, query, span=dataset.span)
    name, keys, sequence = dataset.name, dataset.replace_using, dataset.sequence_by
    return ReplaceFlow(name, name.key, query, keys, sequence, span=dataset.span)


def _refresh_by_flows(
    dataset: Dataset,
    flows: Sequence[Flow],
    folder: TableFolder,
    table: TableState | None,
    queries: Queries,
    *,
    is_dry: bool,
) -> RefreshResult:
    """Run all flows, and restart them if new columns or files arrive meanwhile, as Databricks does."""
    kind = _kind(dataset, flows)
    if table is not None and table.kind != kind and {table.kind, kind} != _BY_STREAMS:
        raise other_kind(table, kind)
    for attempt in range(_STARTS):
        update = _TableUpdate(dataset, folder, folder.begin(table), queries, is_dry)
        try:
            return update.run(flows, kind, table)
        except Exception as error:  # whatever it is, the folder is tidied; Spark wraps the errors of Auto Loader
            folder.tidy()
            explained = update.explain(error)
            if explained is None:
                raise
            if not explained.is_restart_enough or attempt == _STARTS - 1:
                raise explained from None
    raise AssertionError("unreachable")


@dataclass(slots=True)
class _TableUpdate:
    """One atomic update of a table by its flows.

    Attributes:
        dataset: The table's definition.
        folder: Its folder.
        number: The number of the update.
        queries: Calls the functions of notebooks.
        is_dry: Whether the flows are only checked.
        contexts: The flows that have run.
    """

    dataset: Dataset
    folder: TableFolder
    number: int
    queries: Queries
    is_dry: bool
    contexts: list[FlowContext] = field(default_factory=list)

    def run(self, flows: Sequence[Flow], kind: TableKind, before: TableState | None) -> RefreshResult:
        """Run the flows one after the other, and commit."""
        number = self.number
        table = before or TableState(self.dataset.name.written, kind, f"v{number}", number, number, "")
        total = NOTHING
        for flow in flows:
            context = FlowContext(self.queries.engine, flow.name, self.folder, number, self.is_dry)
            self.contexts.append(context)
            table, counts = _run(self.dataset, flow, context, table, self.queries)
            table = table.remember(flow.name, replace(table.memory(flow.name), streams=context.reads.streams))
            total = add_counts(total, counts)
        _check_alone(table, flows)
        views = view_counts(self.contexts)
        did_work = total.rows_read > 0 or views.rows_read > 0
        if did_work or before is None:
            verdict = expectation_results(total, views, kind)
        else:
            rules = {**Shape.of(self.dataset).named_rules, **view_rules(self.contexts)}
            verdict = last_expectation_results(before.verdict, rules)
        table = replace(table, number=max(number, table.number), progress=number, verdict=verdict.document())
        if before is not None and table.version != before.version and has_change_readers(self.folder, before):
            record_changes(self.queries.engine.spark, self.folder, before, table, _changed_keys(flows))
        is_compacted = did_work and not self.is_dry
        record_rewrite(self.folder, before, table)
        self.folder.commit(compact_table(self.folder, table, self.queries.engine.most_files) if is_compacted else table)
        self.folder.tidy()
        return RefreshResult(
            table.kind, total, verdict, did_work, all(context.reads.is_certain for context in self.contexts)
        )

    def explain(self, error: Exception) -> AutoLoaderError | None:
        """The error of Auto Loader behind an exception; None if there is none."""
        if isinstance(error, AutoLoaderError):
            return error
        if isinstance(error, RunError):
            return None
        landings = (landing for context in self.contexts[-1:] for landing in context.reads.landings)
        found = (explain_failure(error, landing) for landing in landings)
        return next((explained for explained in found if explained is not None), None)


def _run(
    dataset: Dataset, flow: Flow, context: FlowContext, table: TableState, queries: Queries
) -> tuple[TableState, Counts]:
    """Run one flow, without committing."""
    if getattr(flow, "once", False) and table.memory(flow.name).once:
        context.reads.is_certain = True
        return table, NOTHING
    if isinstance(flow, SnapshotFlow):
        shape = Shape.of(dataset)
        merger = merge_snapshots(
            context, flow, shape, table, lambda name: queries.read_dataset(name, context, is_stream=False)
        )
        return merger.table, merger.total
    if isinstance(flow, CdcFlow):
        return _run_cdc(dataset, flow, context, table, queries)
    with settings(queries.engine.spark, flow.spark_conf):
        if isinstance(flow, ReplaceFlow):
            return _run_replace(dataset, flow, context, table, queries)
        return _run_append(dataset, flow, context, table, queries)


def _run_append(
    dataset: Dataset, flow: AppendFlow, context: FlowContext, table: TableState, queries: Queries
) -> tuple[TableState, Counts]:
    shape, frame = _evaluate(dataset, flow, context, table, queries)
    if flow.once:
        counts, table = append_once(context, frame, shape.rules, table)
        return table.remember(flow.name, replace(table.memory(flow.name), once=True)), counts
    check_streaming(frame, context)
    context.reads.is_certain = context.engine.streams_only_known_sources(frame, context)
    if not context.engine.needs_complete_mode(frame):
        counts, table = append_stream(context, frame, shape.rules, _with_kind(table, "streaming", context))
        return table, counts
    rewriter = TableRewriter(context, shape.rules, _with_kind(table, "rewritten", context))
    rewriter.rewrite_by(frame)
    return rewriter.table, rewriter.total


def _run_replace(
    dataset: Dataset, flow: ReplaceFlow, context: FlowContext, table: TableState, queries: Queries
) -> tuple[TableState, Counts]:
    shape, frame = _evaluate(dataset, flow, context, table, queries)
    engine = context.engine
    context.reads.is_certain = engine.is_stream(frame) and engine.streams_only_known_sources(frame, context)
    rewriter = TableRewriter(context, shape.rules, table)
    rewriter.replace_by(flow, frame)
    return rewriter.table, rewriter.total


def _evaluate(
    dataset: Dataset, flow: AppendFlow | ReplaceFlow, context: FlowContext, table: TableState, queries: Queries
) -> tuple[Shape, DataFrame]:
    """The declared shape of a table, and the rows of a flow in this shape."""
    frame = queries.evaluate(flow.query, context)
    context.check_generations(table.memory(flow.name).streams or {})
    shape = Shape.of(dataset)
    frame = shape.apply(frame)
    context.engine.check_conditions(frame, shape.rules)
    return shape, frame


def _with_kind(table: TableState, kind: TableKind, context: FlowContext) -> TableState:
    """A table of a kind, which a table that has been written keeps.

    Raises:
        RunError: If it has another one.
    """
    if table.schema and table.kind != kind:
        raise _not_alone(table) if table.number >= context.update else other_kind(table, kind)
    return replace(table, kind=kind)


def _changed_keys(flows: Sequence[Flow]) -> tuple[str, ...]:
    """The columns by which a changed row is found again; none if flows replace rows or have different keys."""
    keys = {
        (*flow.keys, *(("__START_AT",) if flow.scd_type == _HISTORY else ()))
        for flow in flows
        if isinstance(flow, (CdcFlow, SnapshotFlow))
    }
    return keys.pop() if len(keys) == 1 else ()


def _run_cdc(
    dataset: Dataset, flow: CdcFlow, context: FlowContext, table: TableState, queries: Queries
) -> tuple[TableState, Counts]:
    merger = Merger(context, cdc_spec(flow), Shape.of(dataset), table)
    frame = queries.read_dataset(flow.source, context, is_stream=not flow.once)
    context.reads.is_certain = context.engine.streams_only_known_sources(frame, context)
    context.check_generations(table.memory(flow.name).streams or {})
    if flow.once:
        merger.merge(frame, frame, replace(table.memory(flow.name), once=True))
    else:
        merger.merge_stream(frame)
    return merger.table, merger.total


def _kind(dataset: Dataset, flows: Sequence[Flow]) -> TableKind:
    if not flows:
        raise RunError(
            INVALID_DEFINITION,
            f"`{dataset.name.written}` has no flow",
            hint="add one with @dlt.append_flow or create_auto_cdc_flow",
        )
    kinds = {_kind_of_flow(flow) for flow in flows}
    if len(kinds) > 1:
        raise RunError(
            INVALID_DEFINITION,
            f"the flows into `{dataset.name.written}` have different kinds: {', '.join(sorted(kinds))}",
        )
    if dataset.expectations and not kinds & _BY_STREAMS:
        raise RunError(
            INVALID_DEFINITION,
            f"`{dataset.name.written}` is a target of AUTO CDC, so it cannot have expectations",
            hint="put the expectations on the view that feeds the flow",
        )
    return kinds.pop()


def _kind_of_flow(flow: Flow) -> TableKind:
    if isinstance(flow, (AppendFlow, ReplaceFlow)):
        return "streaming" if isinstance(flow, AppendFlow) else "rewritten"
    return _SCD_KINDS[flow.scd_type]


def _check_alone(table: TableState, flows: Sequence[Flow]) -> None:
    """Refuse several flows into a table that one of them rewrites.

    Raises:
        RunError: If there are several, and not all of them replace the rows that they name.
    """
    if table.kind == "rewritten" and len(flows) > 1 and not all(isinstance(flow, ReplaceFlow) for flow in flows):
        raise _not_alone(table)


def _not_alone(table: TableState) -> RunError:
    return RunError(
        INVALID_DEFINITION,
        f"a flow rewrites all rows of `{table.name}`, which has other flows",
        hint="add a watermark to the aggregate, or give it a table of its own",
    )
