"""Filling one table by its flows, and reading tables back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cbx.runtime.batch import replace_rows
from cbx.runtime.cdc import merge_stream
from cbx.runtime.definitions import AppendFlow, CdcFlow, Dataset, Flow, Query
from cbx.runtime.expectations import NOTHING, Counts, added
from cbx.runtime.flow import FlowContext
from cbx.runtime.problems import RunError
from cbx.runtime.schema import struct
from cbx.runtime.store import TableFolder, TableState
from cbx.runtime.streaming import append_stream, only_streams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.names import DatasetName


_OLDEST_FILE = "36500d"


@dataclass(frozen=True, slots=True)
class Filled:
    """What happened to one table in an update."""

    kind: str
    counts: Counts
    contexts: tuple[FlowContext, ...]
    deleted: int = 0
    did_work: bool = True


def fill(
    dataset: Dataset,
    flows: Sequence[Flow],
    folder: TableFolder,
    evaluate: Callable[[Query, FlowContext], DataFrame],
    stream: Callable[[DatasetName, Mapping[str, str]], DataFrame | None],
    *,
    full_refresh: bool,
) -> Filled:
    """Bring a table up to date.

    Args:
        dataset: Its definition.
        flows: The flows that target it, beside the definition's own query.
        folder: Its place.
        evaluate: Calls a query on behalf of a flow.
        stream: Opens a stream of a dataset.
        full_refresh: Whether to start over.

    Returns:
        What happened.
    """
    folder.tidy()
    table = None if full_refresh else folder.current()
    if dataset.query is not None:
        own = AppendFlow(dataset.name, dataset.name.key, dataset.query, place=dataset.place)
        context = _context(own.name, folder, table)
        frame = evaluate(own.query, context)
        if not frame.isStreaming:
            if dataset.kind == "table" and flows:
                raise RunError(f"`{dataset.name.written}` has a batch query, so flows cannot append to it")
            return _fill_batch(dataset, context, frame, table)
        if dataset.kind == "materialized_view":
            raise RunError(
                f"the materialized view `{dataset.name.written}` reads a stream",
                hint="define it with @dp.table, or read with spark.read",
            )
        flows = [own, *flows]
    return _fill_by_flows(dataset, flows, folder, table, evaluate, stream)


def _fill_batch(dataset: Dataset, context: FlowContext, frame: DataFrame, table: TableState | None) -> Filled:
    folder = context.folder
    number = _next_number(folder)
    if table is not None and table.kind != "batch":
        raise _other_kind(table, "batch")
    wanted = TableState(dataset.name.written, "batch", f"v{number}", number, number, "")
    counts, made = replace_rows(context, frame, dataset.expectations, wanted)
    folder.commit(made)
    folder.tidy()
    return Filled("batch", counts, (context,))


def _fill_by_flows(
    dataset: Dataset,
    flows: Sequence[Flow],
    folder: TableFolder,
    table: TableState | None,
    evaluate: Callable[[Query, FlowContext], DataFrame],
    stream: Callable[[DatasetName, Mapping[str, str]], DataFrame | None],
) -> Filled:
    if not flows:
        raise RunError(
            f"no flow fills `{dataset.name.written}`",
            hint="add one with @dlt.append_flow or create_auto_cdc_flow",
        )
    kind = _kind(flows)
    if table is not None and table.kind != kind:
        raise _other_kind(table, kind)
    if table is None:
        number = _next_number(folder)
        table = TableState(dataset.name.written, kind, f"v{number}", number, number, "")
    total, contexts = NOTHING, []
    for flow in flows:
        context = _context(flow.name, folder, table)
        contexts.append(context)
        if isinstance(flow, CdcFlow):
            frame = evaluate(lambda f=flow: stream(f.source, {}), context)
            context.check_generations(table)
            counts, table = merge_stream(context, frame, flow, table)
        elif isinstance(flow, AppendFlow):
            frame = evaluate(flow.query, context)
            only_streams(frame, flow.name)
            context.check_generations(table)
            counts, table = append_stream(context, frame, dataset.expectations, table)
        table = replace(
            table,
            flows={**table.flows, flow.name: {**table.flows.get(flow.name, {}), "streams": context.streams}},
        )
        total = added(total, counts)
    folder.commit(table)
    folder.tidy()
    return Filled(kind, total, tuple(contexts), did_work=bool(total.rows_read))


def _kind(flows: Sequence[Flow]) -> str:
    kinds = {"streaming" if isinstance(flow, AppendFlow) else f"scd {flow.scd_type}" for flow in flows}
    if len(kinds) > 1:
        raise RunError(f"the flows into one table are of different kinds: {', '.join(sorted(kinds))}")
    return kinds.pop()


def _other_kind(table: TableState, kind: str) -> RunError:
    return RunError(
        f"`{table.name}` was {table.kind} and is now {kind}", hint="start it over with --full-refresh"
    )


def _context(flow: str, folder: TableFolder, table: TableState | None) -> FlowContext:
    return FlowContext(flow, folder, table.generation if table else _next_number(folder))


def _next_number(folder: TableFolder) -> int:
    table = folder.current()
    return table.number + 1 if table else 1


def read_table(folder: TableFolder, spark: SparkSession) -> DataFrame:
    """A table's rows."""
    table = folder.current()
    assert table is not None
    reader = spark.read.schema(struct(table.schema)).option("recursiveFileLookup", "true")
    return reader.parquet(str(folder.rows(table.version)))


def read_stream(
    folder: TableFolder, spark: SparkSession, context: FlowContext, options: Mapping[str, str]
) -> DataFrame:
    """A streaming table's rows as they come.

    Raises:
        RunError: If rows of the table change, so that there is no stream of them.
    """
    table = folder.current()
    assert table is not None
    if not table.is_append_only:
        raise RunError(
            f"`{table.name}` is no append-only table ({table.kind}), so it cannot be read as a stream",
            hint="read it with spark.read.table, or stream from what feeds it",
        )
    context.streams[folder.name.key] = table.generation
    reader = spark.readStream.schema(struct(table.schema)).option("recursiveFileLookup", "true")
    for limit in ("maxFilesPerTrigger", "maxBytesPerTrigger"):
        if limit in options:
            reader = reader.option(limit, options[limit])
    return reader.option("maxFileAge", _OLDEST_FILE).parquet(str(folder.rows(table.version)))


def fill_sink(*_: object) -> Filled:
    raise RunError("sinks come next")
