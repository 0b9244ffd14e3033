"""Writes append flows to sinks, which are outside the pipeline.

A sink of files gets all files of an update or none. Kafka and Delta sinks are written to files too, with a note. A sink
that is a function or another format of Spark gets each micro-batch at least once, and always the same rows under the
same number: a failed micro-batch is repeated as it was planned.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.files.atomic_write import write_atomically
from cbx.runtime.definitions import AppendFlow
from cbx.runtime.errors import RunError
from cbx.runtime.flow_context import FlowContext
from cbx.runtime.flows.append_stream import check_streaming, run_to_end
from cbx.runtime.flows.check_views import view_counts
from cbx.runtime.flows.expectation_results import ExpectationResults, last_expectation_results, view_rules
from cbx.runtime.flows.expectations import ROWS_READ, add_counts
from cbx.runtime.flows.refresh_result import RefreshResult
from cbx.runtime.results import NOTHING, Counts
from cbx.runtime.spark.configuration import settings
from cbx.runtime.tables.sink_store import SinkFolder, SinkState
from cbx.runtime.tables.store import TableFolder, folder_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Flow, Sink
    from cbx.runtime.flow_context import Engine
    from cbx.runtime.flows.refresh_table import Queries

_FILES = frozenset({"parquet", "json", "csv", "orc", "text"})
_REPLACEMENT_FORMATS = {"delta": "parquet", "kafka": "json"}
_METRIC = "cbx sink"


def write_sink(
    sink: Sink,
    flows: Sequence[Flow],
    state: Path,
    queries: Queries,
    note: Callable[[str], None],
    *,
    full_refresh: bool,
    is_dry: bool = False,
) -> RefreshResult:
    """Append the new rows of flows to a sink.

    Args:
        sink: Its definition.
        flows: The flows that target it.
        state: The state folder, for the flows' checkpoints.
        queries: Calls the functions of notebooks.
        note: Receives notes for the user.
        is_dry: Whether the flows are only checked.
        full_refresh: Whether the flows read all their input again; files that they wrote before are kept.
    """
    store = SinkFolder(TableFolder(state, sink.name))
    before = store.read_state()
    is_fresh = full_refresh or not before.number
    update = store.begin(before, is_fresh=is_fresh) if is_fresh or is_of_files(sink) else before
    if update != before and not is_of_files(sink):
        store.commit(update)
    total, contexts = NOTHING, []
    for flow in flows:
        if not isinstance(flow, AppendFlow):
            raise RunError(
                INVALID_DEFINITION, f"the flow `{flow.name}` into a sink is not an append flow", span=flow.span
            )
        context = FlowContext(queries.engine, flow.name, store.folder, update.progress, is_dry)
        contexts.append(context)
        with settings(queries.engine.spark, flow.spark_conf):
            frame = queries.evaluate(flow.query, context)
            check_streaming(frame, context)
            _check_sources(context)
            context.reads.is_certain = context.engine.streams_only_known_sources(frame, context)
            counts, update = _append(sink, flow, frame, context, store, update, note)
            total = add_counts(total, counts)
    views = view_counts(contexts)
    did_work = total.rows_read > 0 or views.rows_read > 0
    verdict = (
        ExpectationResults(0, views.rules)
        if did_work
        else last_expectation_results(update.verdict, view_rules(contexts))
    )
    store.commit(replace(update, verdict=verdict.document()))
    return RefreshResult("sink", total, verdict, did_work, all(context.reads.is_certain for context in contexts))


def is_of_files(sink: Sink) -> bool:
    """Whether the rows of a sink are written as files."""
    return sink.handler is None and (sink.format in _FILES or sink.format in _REPLACEMENT_FORMATS)


def _check_sources(context: FlowContext) -> None:
    """Refuse a source that was fully refreshed, whose rows the sink would get twice."""
    if context.is_dry:
        return
    memory = context.checkpoint.with_name(f"{context.checkpoint.name}.streams.json")
    context.check_generations(json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else {})
    memory.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(memory, json.dumps(context.reads.streams))


def _append(
    sink: Sink,
    flow: AppendFlow,
    frame: DataFrame,
    context: FlowContext,
    store: SinkFolder,
    update: SinkState,
    note: Callable[[str], None],
) -> tuple[Counts, SinkState]:
    """Run one flow; its files are published by the commit."""
    mode = "update" if flow.is_update else "append"
    if sink.handler is not None:
        caller = _BatchFunction(sink.handler)
        context.engine.drain(context, frame, caller.write, mode)
        return Counts(caller.rows, caller.rows, 0, ()), update
    if not is_of_files(sink):
        if context.is_dry:
            return NOTHING, update
        counted = frame.observe(_METRIC, F.count(F.lit(1)).alias(ROWS_READ))
        run_to_end(counted.writeStream.outputMode(mode).format(sink.format).options(**sink.options), context)
        rows = sum(metrics.get(_METRIC, {}).get(ROWS_READ, 0) for metrics in context.reads.observed)
        return Counts(rows, rows, 0, ()), update
    writer, target = _writer(sink, frame, context, store, update)
    if sink.format in _REPLACEMENT_FORMATS:
        note(f"the sink `{sink.name.written}` does not write to {sink.format} locally; its rows are in {target}")
    context.engine.drain(context, frame, writer.write, mode)
    return Counts(writer.rows, writer.rows, 0, ()), replace(update, target=str(target.absolute()))


def _writer(
    sink: Sink, frame: DataFrame, context: FlowContext, store: SinkFolder, update: SinkState
) -> tuple[_FileWriter, Path]:
    """The writer of a flow, and the folder of the sink."""
    options = dict(sink.options)
    path = options.pop("path", None)
    if sink.format in _FILES and path is None:
        raise RunError(
            INVALID_DEFINITION,
            f"the sink `{sink.name.written}` has no path",
            span=sink.span,
            hint='add options={"path": "..."}',
        )
    if sink.format == "kafka":
        path, options = None, {}
        if "value" not in frame.columns:
            raise RunError(
                INVALID_DEFINITION,
                f"the flow into the Kafka sink `{sink.name.written}` has no column `value`",
                span=sink.span,
                hint="add one, such as to_json(struct(*)) AS value",
            )
    stand_in = context.folder.state / "sinks" / folder_name(sink.name.key)
    target = stand_in if path is None else Path(path.removeprefix("file:"))
    prefix = f"{folder_name(context.name)}-{update.number}"
    file_format = _REPLACEMENT_FORMATS.get(sink.format, sink.format)
    return _FileWriter(context.engine, store.files(update.number), prefix, file_format, options), target


@dataclass(slots=True)
class _BatchFunction:
    """Passes micro-batches to a function; a failed one is passed again.

    The rows are cached, since the function may use them more than once, and counted.
    """

    handler: Callable[..., Any]
    rows: int = 0

    def write(self, batch: DataFrame, number: int) -> None:
        """Call the function with one micro-batch."""
        cached = batch.persist()
        try:
            count = cached.count()
            self.handler(cached, number)
        finally:
            cached.unpersist()
        self.rows += count


@dataclass(slots=True)
class _FileWriter:
    """Writes micro-batches as files of one folder.

    Attributes:
        engine: Writes them.
        folder: The folder of the files before the commit.
        prefix: The start of their names.
        format: Spark's name of the format.
        options: Spark's options of the format.
        rows: How many rows were written.
    """

    engine: Engine
    folder: Path
    prefix: str
    format: str
    options: Mapping[str, str]
    rows: int = 0

    def write(self, batch: DataFrame, number: int) -> None:
        """Put the files of one micro-batch into the folder."""
        staging = self.folder / "_batch"
        self.rows += self.engine.write_files(batch, self.format, self.options, staging)
        for index, file in enumerate(sorted(staging.glob("part-*"))):
            name = f"{self.prefix}-{number:06d}-{index:05d}.{file.name.partition('.')[2] or self.format}"
            file.replace(self.folder / name)
