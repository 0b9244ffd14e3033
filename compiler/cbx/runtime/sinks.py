"""Writing to sinks: places outside the pipeline that append flows fill.

A sink of files gets plain files that any reader understands, named by flow and micro-batch, so that a micro-batch
that Spark repeats after a kill replaces what it left the first time. What a laptop does not have (Kafka, Delta
tables) is written to files too, with a note. A sink that is a function gets each micro-batch at least once.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import Observation
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.definitions import AppendFlow
from cbx.runtime.expectations import NOTHING, ROWS_READ, Counts, added, observed
from cbx.runtime.filling import Filled
from cbx.runtime.flow import FlowContext
from cbx.runtime.problems import RunError
from cbx.runtime.session import settings
from cbx.runtime.store import TableFolder, folder_name, write_atomically
from cbx.runtime.streaming import drain, only_streams, run_to_end
from cbx.runtime.unchanged import streams_only

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Flow, Sink
    from cbx.runtime.filling import Queries

_FILES = frozenset({"parquet", "json", "csv", "orc", "text"})
_STAND_INS = {"delta": "parquet", "kafka": "json"}
_METRIC = "cbx sink"


def fill_sink(
    sink: Sink,
    flows: Sequence[Flow],
    state: Path,
    queries: Queries,
    note: Callable[[str], None],
    *,
    full_refresh: bool,
    is_dry: bool = False,
) -> Filled:
    """Append to a sink what is new in its flows.

    Args:
        sink: Its definition.
        flows: The flows that target it.
        state: The state folder, for the flows' checkpoints.
        queries: Calls the notebooks' functions.
        note: Takes what the user should know.
        is_dry: Whether the flows are only checked.
        full_refresh: Whether the flows read their input from the start; what they wrote before stays.
    """
    folder = TableFolder(state, sink.name)
    generation = _generation(folder, full_refresh=full_refresh)
    total, contexts = NOTHING, []
    for flow in flows:
        if not isinstance(flow, AppendFlow):
            raise RunError(f"only append flows fill a sink, and `{flow.name}` is none", place=flow.place)
        context = FlowContext(flow.name, folder, generation, is_dry)
        contexts.append(context)
        with settings(queries.spark, flow.spark_conf):
            frame = queries.evaluate(flow.query, context)
            only_streams(frame, flow.name)
            _check_sources(context)
            context.is_certain = streams_only(frame, context)
            total = added(total, _append(sink, frame, context, note))
    return Filled("sink", total, tuple(contexts), total.rows_read > 0, all(one.is_certain for one in contexts))


def _generation(folder: TableFolder, *, full_refresh: bool) -> int:
    """The number of the checkpoints that the flows go on with."""
    there = [int(entry.name) for entry in folder.checkpoints.glob("*") if entry.name.isdecimal()]
    return max(there, default=0) + (1 if full_refresh and there else 0)


def _check_sources(context: FlowContext) -> None:
    """Refuse a source that was started over, whose rows the sink would get a second time."""
    if context.is_dry:
        return
    memory = context.checkpoint.with_name(f"{context.checkpoint.name}.streams.json")
    context.check_generations(json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else {})
    memory.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(memory, json.dumps(context.streams))


def _append(sink: Sink, frame: DataFrame, context: FlowContext, note: Callable[[str], None]) -> Counts:
    if sink.handler is not None:
        caller = _Caller(sink.handler)
        drain(context, frame, caller.write, lambda _: None)
        return Counts(caller.rows, caller.rows, 0, ())
    if sink.format not in _FILES and sink.format not in _STAND_INS and not context.is_dry:
        counted = frame.observe(_METRIC, F.count(F.lit(1)).alias(ROWS_READ))
        run_to_end(counted.writeStream.format(sink.format).options(**sink.options), context)
        rows = sum(metrics.get(_METRIC, {}).get(ROWS_READ, 0) for metrics in context.observed)
        return Counts(rows, rows, 0, ())
    writer = _writer(sink, frame, context)
    if sink.format in _STAND_INS:
        note(f"the sink `{sink.name.written}` is not {sink.format} locally: its rows are in {writer.folder}")
    drain(context, frame, writer.write, writer.take_back)
    return Counts(writer.rows, writer.rows, 0, ())


def _writer(sink: Sink, frame: DataFrame, context: FlowContext) -> _FileWriter:
    options = dict(sink.options)
    path = options.pop("path", None)
    if sink.format in _FILES and path is None:
        raise RunError(
            f"the sink `{sink.name.written}` has no path", place=sink.place, hint='add options={"path": "..."}'
        )
    if sink.format == "kafka":
        path, options = None, {}
        if "value" not in frame.columns:
            raise RunError(
                f"the rows for the Kafka sink `{sink.name.written}` have no column `value`",
                place=sink.place,
                hint="make one, with to_json(struct(*)) for example",
            )
    stand_in = context.folder.state / "sinks" / folder_name(sink.name.key)
    folder = stand_in if path is None else Path(path.removeprefix("file:"))
    return _FileWriter(context, folder, _STAND_INS.get(sink.format, sink.format), options)


@dataclass(slots=True)
class _Caller:
    """Hands micro-batches to a function; the same one again where a run was killed or the function failed.

    The rows are kept until it returns, since it may use them more than once, and counted as they are read.
    """

    handler: Callable[..., Any]
    rows: int = 0

    def write(self, batch: DataFrame, number: int) -> None:
        """Call the function with one micro-batch."""
        kept = batch.persist()
        try:
            count = kept.count()
            self.handler(kept, number)
        finally:
            kept.unpersist()
        self.rows += count


@dataclass(slots=True)
class _FileWriter:
    """Writes micro-batches as files of one folder.

    Attributes:
        context: The flow.
        folder: Where the files go.
        format: Spark's name of their format.
        options: Spark's options for it.
        rows: How many rows have been written.
    """

    context: FlowContext
    folder: Path
    format: str
    options: Mapping[str, str]
    rows: int = 0

    def write(self, batch: DataFrame, number: int) -> None:
        """Put one micro-batch into the folder, in the place of what a killed run left of it."""
        staging = self.context.folder.staging(f"{self.context.checkpoint.name}.{number:06d}")
        observation = Observation()
        counted = batch.observe(observation, F.count(F.lit(1)).alias(ROWS_READ))
        counted.write.format(self.format).options(**self.options).save(str(staging))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remove(lambda there: there == number)
        for index, file in enumerate(sorted(staging.glob("part-*"))):
            name = f"{self._prefix}{number:06d}-{index:05d}.{file.name.partition('.')[2] or self.format}"
            file.replace(self.folder / name)
        self.rows += int(observed(observation).get(ROWS_READ) or 0)

    def take_back(self, last: int) -> None:
        """Remove the files of the micro-batches after a number."""
        self._remove(lambda there: there > last)

    @property
    def _prefix(self) -> str:
        return f"{self.context.checkpoint.name}-{self.context.generation}-"

    def _remove(self, is_wanted: Callable[[int], bool]) -> None:
        pattern = re.compile(re.escape(self._prefix) + r"(\d{6,})-\d+\.")
        for file in sorted(self.folder.glob("*")):
            match = pattern.match(file.name)
            if match is not None and is_wanted(int(match[1])):
                file.unlink()
