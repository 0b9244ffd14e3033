"""Runs the queries of a pipeline on Sail.

A stream is read as what is new since the flow's last update: a batch. It has a name of its own, a temporary view, so
that the plan of a query shows which streams it reads.
"""

from __future__ import annotations

import itertools
import re
import shutil
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from pyspark.sql.connect.dataframe import DataFrame as ConnectFrame
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from cbx.runtime.auto_cdc import MERGE_COUNTS, merge_changes
from cbx.runtime.auto_loader.state import LoaderState, load_state, save_state
from cbx.runtime.flow_context import MergeCounts, ViewUse
from cbx.runtime.flows.append_stream import expectation_error
from cbx.runtime.flows.expectations import mark_violations, read_counts
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.read_new_files import NewRows, read_new_files
from cbx.runtime.landing_files.rows import METADATA
from cbx.runtime.sail.checkpoints import ReadFile, file_uri, read_files, write_files
from cbx.runtime.sail.dates_of_texts import cast_texts_to_dates
from cbx.runtime.sail.parquet_files import write_parquet
from cbx.runtime.sail.plan_fingerprint import plan_fingerprint
from cbx.runtime.sail.refusals import NotOnSailError
from cbx.runtime.sail.violation_counts import count_and_drop
from cbx.runtime.spark.replace_attributes import replace_attributes
from cbx.runtime.tables.read_table import check_read_options, require_state
from cbx.runtime.tables.schema import read_struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.connect.proto import Plan
    from pyspark.sql.types import StructType

    from cbx.runtime.auto_cdc import CdcSpec
    from cbx.runtime.auto_loader.reading_plan import Opening
    from cbx.runtime.definitions import Dataset, DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.results import Counts
    from cbx.runtime.tables.store import TableFolder

STREAM: Final = "__cbx_stream_"
_MILLISECOND: Final = 1_000_000
"""In nanoseconds."""
_NAMES: Final = re.compile(rb"__cbx_(?:stream_)?\d+")
_METADATA: Final = re.compile(rb"\b_metadata\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StreamInput:
    """A stream that a query reads.

    Attributes:
        name: The view with its new rows.
        files: All files of the source, the new ones too.
        is_new: Whether there are new ones.
        rows: The new rows with their hidden columns; None if they have none.
    """

    name: str
    files: tuple[ReadFile, ...]
    is_new: bool
    rows: pa.Table | None = None


class LandedRows(NamedTuple):
    """The new rows of a landing folder.

    Attributes:
        read: The files that the flow read before the update.
        before: The state of Auto Loader before the update.
        new: The rows of the other files.
    """

    read: tuple[ReadFile, ...]
    before: LoaderState
    new: NewRows


@dataclass(slots=True)
class SailEngine:
    """The methods of ``Engine``, on Sail.

    Attributes:
        spark: The session.
        landed: The rows of landing folders that were read before the update, by the place of their state.
    """

    spark: SparkSession
    landed: dict[str, LandedRows] = field(default_factory=dict)
    _streams: dict[str, StreamInput] = field(default_factory=dict)
    _views: dict[str, DataFrame] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @contextmanager
    def noticing_views(self) -> Iterator[None]:
        """Notice the temporary views that are made while the context lasts."""
        plain = ConnectFrame.createOrReplaceTempView

        def create(frame: ConnectFrame, name: str) -> None:
            self._views[name] = frame
            plain(frame, name)

        with ExitStack() as stack:
            stack.enter_context(replace_attributes(ConnectFrame, {"createOrReplaceTempView": create}))
            stack.enter_context(cast_texts_to_dates())
            yield

    def make_active(self) -> None:
        """Nothing: there is one session."""

    def is_stream(self, frame: DataFrame) -> bool:
        """Whether a query reads a stream."""
        return bool(self.inputs(frame))

    def inputs(self, frame: DataFrame) -> tuple[StreamInput, ...]:
        """The streams that a query reads, each once."""
        names = self._names_in(frame)
        return tuple(self._streams[name] for name in names if name in self._streams)

    def _names_in(self, frame: DataFrame) -> list[str]:
        """The views that a query reads, and those that these read."""
        names: dict[str, None] = {}
        left = [frame]
        while left:
            for match in _NAMES.findall(plan_of(left.pop()).SerializeToString()):
                name = match.decode()
                if name not in names:
                    names[name] = None
                    left += [self._views[name]] if name in self._views else []
        return list(names)

    def plans(self, frame: DataFrame) -> list[Plan]:
        """The plan of a query, and those of the views that it reads, without the streams themselves."""
        views = [name for name in self._names_in(frame) if not name.startswith(STREAM) and name in self._views]
        return [plan_of(frame), *(plan_of(self._views[name]) for name in views)]

    def read_table(self, folder: TableFolder, options: Mapping[str, str]) -> DataFrame:
        """The rows of a table."""
        check_read_options(options)
        table = require_state(folder)
        return self._rows([str(file) for file in folder.row_files(table)], read_struct(table.schema))

    def _rows(self, files: Sequence[str], columns: StructType) -> DataFrame:
        if not files:
            return self.spark.createDataFrame([], columns)
        return self.spark.read.schema(columns).parquet(*files)

    def read_stream(self, folder: TableFolder, options: Mapping[str, str], context: FlowContext) -> DataFrame:
        """The new rows of a streaming table."""
        table = require_state(folder)
        if options or not table.is_append_only:
            raise NotOnSailError("reads a stream of changes, or with options")
        context.reads.streams[folder.name.key] = table.generation
        read = read_files(context.checkpoint)
        known = {file.uri for file in read}
        new = {uri: file for file in folder.row_files(table) if (uri := file_uri(file)) not in known}
        rows = self._rows([str(file) for file in new.values()], read_struct(table.schema))
        seen = (ReadFile(uri, file.stat().st_mtime_ns // _MILLISECOND) for uri, file in new.items())
        return self._stream(rows, (*read, *seen), is_new=bool(new))

    def open_files(self, opening: Opening, source_folder: Path, context: FlowContext | None) -> DataFrame:
        """New files of a folder, as Auto Loader reads them."""
        read, before, new = self.read_landed(opening, source_folder, context)
        save_state(source_folder, before, new.state)
        frame = self.from_arrow(new.table.drop_columns([METADATA]), new.schema)
        seen = (ReadFile(file.uri, file.modified // _MILLISECOND) for file in new.files)
        return self._stream(frame, (*read, *seen), is_new=bool(new.files), rows=new.table)

    def read_landed(self, opening: Opening, source_folder: Path, context: FlowContext | None) -> LandedRows:
        """The rows of new files, which are read once: before the update."""
        context = require_context(context)
        key = source_key(context, source_folder)
        if key not in self.landed:
            read, before = read_files(context.checkpoint), load_state(source_folder)
            try:
                new = read_new_files(opening, [file.uri for file in read], before, with_metadata=True)
            except NeedsSparkError as error:
                raise NotOnSailError(f"reads landing files that need Spark: {error.reason}") from error
            self.landed[key] = LandedRows(read, before, new)
        return self.landed[key]

    def _stream(
        self, frame: DataFrame, files: tuple[ReadFile, ...], *, is_new: bool, rows: pa.Table | None = None
    ) -> DataFrame:
        name = f"{STREAM}{next(self._numbers)}"
        self._streams[name] = StreamInput(name, files, is_new, rows)
        frame.createOrReplaceTempView(name)
        return self.spark.table(name)

    def read_files(self, opening: Opening) -> DataFrame:  # noqa: ARG002 - as `Engine` declares it
        """All files of a folder, which only Spark reads.

        Raises:
            NotOnSailError: Always.
        """
        raise NotOnSailError("reads files in batch")

    def stream_paths(self, frame: DataFrame) -> Sequence[str]:  # noqa: ARG002 - as `Engine` declares it
        """None: the paths of landing folders are known when they are opened."""
        return ()

    def show_metadata(self, frame: DataFrame) -> DataFrame:
        """A query that may name ``_metadata``, which a star does not select."""
        if not any(_METADATA.search(plan.SerializeToString()) for plan in self.plans(frame)):
            return frame
        for stream in self.inputs(frame):
            if stream.rows is not None:
                self.from_arrow(stream.rows, from_arrow_schema(stream.rows.schema)).createOrReplaceTempView(stream.name)
        for name in self._names_in(frame):
            if not name.startswith(STREAM) and name in self._views:
                self._views[name].createOrReplaceTempView(name)
        columns = [name for name in frame.columns if name != METADATA]
        return frame.drop(METADATA) if len(columns) != len(frame.columns) else frame

    def check_view(self, view: Dataset, frame: DataFrame, context: FlowContext) -> DataFrame:
        """Apply the expectations of a view: count its rows, and go on with those that are not dropped."""
        frame = self.show_metadata(frame)
        if not view.expectations:
            return frame
        counts: Counter[str] = Counter()
        marked = mark_violations(frame, view.expectations)
        kept = [count_and_drop(batch, view.expectations, counts) for batch in self.batches(marked)]
        metric = f"cbx view {view.name.key}"
        context.reads.views.append(ViewUse(view, metric, None))
        context.reads.observed.append({metric: dict(counts)})
        total = read_counts(counts, view.expectations, view.name.written)
        if total.violated_fail_rules:
            raise expectation_error(total, view.name.written)
        rows = self.from_arrow(_concat(kept, frame.schema), frame.schema)
        streams = self.inputs(frame)
        if not streams:
            return rows
        return self._stream(rows, streams[0].files, is_new=streams[0].is_new)

    def check_conditions(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> None:
        """Nothing: the conditions were checked before the update."""

    def fingerprint(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> str | None:
        """A hash of everything that the rows of a query depend on; None if they depend on the clock."""
        return plan_fingerprint(self.plans(frame), frame.schema, rules)

    def reads_only_known_files(self, frame: DataFrame, context: FlowContext) -> bool:  # noqa: ARG002 - as above
        """Whether a batch query reads only tables and landing folders, as all on Sail do."""
        return True

    def streams_only_known_sources(self, frame: DataFrame, context: FlowContext) -> bool:  # noqa: ARG002 - as above
        """Whether a stream reads only streaming tables and landing folders, as all on Sail do."""
        return True

    def needs_complete_mode(self, frame: DataFrame) -> bool:  # noqa: ARG002 - as above
        """No: streams that aggregate were refused before the update."""
        return False

    def drain(
        self,
        context: FlowContext,
        frame: DataFrame,
        write: Callable[[DataFrame, int], None],
        mode: str = "append",  # noqa: ARG002
    ) -> None:
        """Write what is new in a stream, in one batch, and keep how far it was read."""
        (stream,) = self.inputs(frame)
        context.reads.is_streaming = True
        if context.is_dry or not stream.is_new:
            return
        write(frame, 0)
        write_files(context.checkpoint, stream.files)

    def write_and_check(
        self,
        batch: DataFrame,
        rules: Sequence[DatasetExpectation],
        folder: Path,
        dataset: str,
        others: DataFrame | None = None,
    ) -> Counts:
        """Write rows as Parquet, and count them and their violations."""
        counts: Counter[str] = Counter()
        columns = batch.schema
        marked = self.batches(mark_violations(batch, rules))
        kept: Iterable[pa.Table] = (count_and_drop(rows, rules, counts) for rows in marked)
        if others is not None:
            new = self.from_arrow(_concat(list(kept), columns), columns)
            whole = others.unionByName(new, allowMissingColumns=True)
            columns, kept = whole.schema, self.batches(whole)
        shutil.rmtree(folder, ignore_errors=True)
        write_parquet(folder, _arrow(columns), columns, kept)
        total = read_counts(counts, rules, dataset)
        if total.violated_fail_rules:
            shutil.rmtree(folder)
            raise expectation_error(total, dataset)
        return total

    def merge_changes(self, before: Path | None, changes: DataFrame, spec: CdcSpec, after: Path) -> MergeCounts:
        """Merge changes into the state of an AUTO CDC target: read one folder, write another."""
        counts: Counter[str] = Counter()
        state = None if before is None else self.spark.read.parquet(str(before))

        def count(rows: DataFrame) -> DataFrame:
            table = self._collect(rows)
            for name, column in MERGE_COUNTS.items():
                counts[name] += pc.sum(table.column(column)).as_py() or 0
            return self.from_arrow(table, rows.schema)

        arrived = self._collect(changes)
        merged = merge_changes(state, self.from_arrow(arrived, changes.schema), spec, count)
        shutil.rmtree(after, ignore_errors=True)
        write_parquet(after, _arrow(merged.schema), merged.schema, self.batches(merged))
        return MergeCounts(arrived.num_rows, counts["num_upserted_rows"], counts["num_deleted_rows"])

    def from_arrow(self, rows: pa.Table, columns: StructType) -> DataFrame:
        """The rows of an Arrow table as a query."""
        return self.spark.createDataFrame(rows if rows.num_rows else [], columns)

    def _collect(self, frame: DataFrame) -> pa.Table:
        return _concat(list(self.batches(frame)), frame.schema)

    def batches(self, frame: DataFrame) -> Iterator[pa.Table]:
        """The rows of a query, in parts, with the types of Arrow that Spark's types have."""
        remote: Any = frame
        client = remote.sparkSession.client
        schema = _arrow(frame.schema)
        for part in client.to_table_as_iterator(plan_of(frame), {}):
            if not hasattr(part, "simpleString"):
                yield part.cast(schema)


def plan_of(frame: DataFrame) -> Plan:
    """The plan of a query."""
    remote: Any = frame
    plan: Plan = remote._plan.to_proto(remote.sparkSession.client)  # noqa: SLF001 - it has no public name
    return plan


def require_context(context: FlowContext | None) -> FlowContext:
    """The flow for which files are read.

    Raises:
        NotOnSailError: If there is none: a stream that a module makes.
    """
    if context is None:
        raise NotOnSailError("makes a stream outside of the function of a dataset")
    return context


def source_key(context: FlowContext, source_folder: Path) -> str:
    """The place of the state of a source, which is the same before an update and in it."""
    return f"{context.folder.name.key} {source_folder.relative_to(source_folder.parents[1])}"


def _arrow(columns: StructType) -> pa.Schema:
    return to_arrow_schema(columns, error_on_duplicated_field_names_in_struct=True, timezone="UTC")


def _concat(tables: list[pa.Table], columns: StructType) -> pa.Table:
    return pa.concat_tables(tables) if tables else _arrow(columns).empty_table()
