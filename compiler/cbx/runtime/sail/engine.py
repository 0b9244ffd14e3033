"""Runs the queries of a pipeline on Sail; a stream is read as a batch, what is new since the flow's last update."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from cbx.runtime.auto_cdc import BUCKET, MERGE_COUNTS, bucket_of_event, merge_changes
from cbx.runtime.auto_loader.listing import file_uri
from cbx.runtime.auto_loader.state import LoaderState, load_state, save_state
from cbx.runtime.flow_context import ExpectationFailedError, HeldChanges, MergeCounts, ViewUse
from cbx.runtime.flows.append_stream import expectation_error
from cbx.runtime.flows.expectations import mark_violations, read_counts
from cbx.runtime.flows.marked_rows import count_and_drop
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.read_data_files import read_data_files, read_new_data_files
from cbx.runtime.landing_files.read_new_files import NewRows, read_all_files, read_new_files
from cbx.runtime.landing_files.rows import METADATA
from cbx.runtime.refresh_rules.query_description import Obstacle
from cbx.runtime.sail.checkpoints import MILLISECOND, ReadFile, as_read, read_files, write_files
from cbx.runtime.sail.files.arrow_rows import arrow_schema, concat_rows, create_frame, read_batches, read_rows
from cbx.runtime.sail.files.json_files import write_json_lines
from cbx.runtime.sail.files.parquet_files import write_parquet, write_parquet_by_bucket
from cbx.runtime.sail.functions.own_functions import OwnFunctions
from cbx.runtime.sail.functions.replaced_calls import replace_calls, replace_in_rule
from cbx.runtime.sail.plan_fingerprint import describe_plans
from cbx.runtime.sail.query_views import QueryViews
from cbx.runtime.sail.refusals import NotOnSailError
from cbx.runtime.tables.compaction.stream_progress import updates_left_out
from cbx.runtime.tables.merge_state import describe_merge_state
from cbx.runtime.tables.read_table import check_read_options, require_state
from cbx.runtime.tables.schema import are_alike, read_struct

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from cbx.runtime.auto_cdc import CdcSpec
    from cbx.runtime.auto_loader.reading_plan import Opening
    from cbx.runtime.definitions import Dataset, DatasetExpectation
    from cbx.runtime.flow_context import FlowContext
    from cbx.runtime.refresh_rules.query_description import QueryDescription
    from cbx.runtime.refresh_rules.query_plan import Operation
    from cbx.runtime.results import Counts
    from cbx.runtime.spark.format_read import FormatRead
    from cbx.runtime.tables.merge_state import MergeState
    from cbx.runtime.tables.store import TableFolder


_COMPRESSED: Final = 4
"""About how many times as large rows are in memory as in Parquet."""


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
        found: The rows of other files that were read before the update, by a key of the read.
        smallest_incremental: Of no use: views are recomputed.
        most_files: From how many files on those of a streaming table are put together.
        bucket_size: The size in bytes of the buckets into which the state of an AUTO CDC target is divided.
        views: The views and streams that queries read.
        functions: The functions that queries can call.
    """

    spark: SparkSession
    landed: dict[str, LandedRows] = field(default_factory=dict)
    found: dict[tuple[str, ...], NewRows] = field(default_factory=dict)
    smallest_incremental: int = 0
    most_files: int = 32
    bucket_size: int = 0
    views: QueryViews = field(init=False)
    functions: OwnFunctions = field(init=False)

    def __post_init__(self) -> None:
        self.functions = OwnFunctions(self.spark)
        self.views = QueryViews(self.spark, self.replace_calls)

    def make_active(self) -> None:
        """Nothing: there is one session."""

    def is_stream(self, frame: DataFrame) -> bool:
        """Whether a query reads a stream."""
        return bool(self.views.streams_in(frame))

    def read_table(self, folder: TableFolder, options: Mapping[str, str]) -> DataFrame:
        """The rows of a table."""
        check_read_options(options)
        table = require_state(folder)
        return self.read_parquet(folder.row_files(table), read_struct(table.schema))

    def read_parquet(self, files: Sequence[Path], columns: StructType) -> DataFrame:
        """The rows of Parquet files that Spark or this engine wrote."""
        if not files:
            return self.spark.createDataFrame([], columns)
        return self.spark.read.schema(columns).parquet(*map(str, files))

    def make_frame(self, rows: pa.Table, columns: StructType) -> DataFrame:
        """The rows of a table as a query."""
        return create_frame(self.spark, rows, columns)

    def read_stream(self, folder: TableFolder, options: Mapping[str, str], context: FlowContext) -> DataFrame:
        """The new rows of a streaming table."""
        table = require_state(folder)
        if options or not table.is_append_only:
            raise NotOnSailError("reads a stream of changes, or with options")
        context.reads.streams[folder.name.key] = table.generation
        left_out = {update.name for update in updates_left_out(context.checkpoint, folder, table)}
        rows = folder.rows(table.version)
        files = [file for file in folder.row_files(table) if file.relative_to(rows).parts[0] not in left_out]
        return self.stream_parquet(files, read_struct(table.schema), context.checkpoint)

    def stream_parquet(self, files: Sequence[Path], columns: StructType, checkpoint: Path) -> DataFrame:
        """The rows of those Parquet files that a flow has not read, as a stream."""
        read = read_files(checkpoint)
        known = {file.uri for file in read}
        new = {uri: file for file in files if (uri := file_uri(str(file))) not in known}
        seen = [ReadFile(uri, file.stat().st_mtime_ns // MILLISECOND) for uri, file in new.items()]
        return self.add_new_files(self.read_parquet(list(new.values()), columns), read, seen)

    def add_new_files(
        self,
        frame: DataFrame,
        read: tuple[ReadFile, ...],
        new: Sequence[ReadFile],
        rows: pa.Table | None = None,
    ) -> DataFrame:
        """The rows of the new files of a source as a stream.

        Args:
            frame: The rows.
            read: The files that were read before.
            new: The new files.
            rows: The rows with their hidden columns; None if they have none.
        """
        return self.views.add_stream(frame, (*read, *new), is_new=bool(new), rows=rows)

    def open_files(self, opening: Opening, source_folder: Path, context: FlowContext | None) -> DataFrame:
        """New files of a folder, as Auto Loader reads them."""
        read, before, new = self.read_landed(opening, source_folder, context)
        save_state(source_folder, before, new.state)
        frame = create_frame(self.spark, new.table.drop_columns([METADATA]), new.schema)
        return self.add_new_files(frame, read, [as_read(file) for file in new.files], new.table)

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

    def read_once(self, key: tuple[str, ...], read: Callable[[], NewRows]) -> NewRows:
        """The rows of files outside of landing folders, which are read once: before the update.

        Raises:
            NotOnSailError: If Spark must read them.
        """
        if key not in self.found:
            try:
                self.found[key] = read()
            except NeedsSparkError as error:
                raise NotOnSailError(f"reads files that need Spark: {error.reason}") from error
        return self.found[key]

    def read_format(self, files: FormatRead, context: FlowContext | None) -> DataFrame | None:
        """The rows of files, as ``spark.read`` and ``spark.readStream`` read them; None if Sail itself does."""
        file_format, paths, options, schema, is_stream = files
        given = sorted(f"{name}={value}" for name, value in options.items())
        key = (file_format, *paths, *given, "" if schema is None else schema.json())
        if not is_stream:
            new = self.read_once(key, lambda: read_data_files(paths, file_format, options, schema))
            return self.make_frame(new.table, new.schema)
        if schema is None or len(paths) > 1:
            return None
        read = read_files(require_context(context).checkpoint)
        times, columns = {file.uri: file.timestamp for file in read}, schema
        new = self.read_once(
            (*key, *times), lambda: read_new_data_files(paths[0], file_format, options, columns, times)
        )
        frame = self.make_frame(new.table.drop_columns([METADATA]), new.schema)
        return self.add_new_files(frame, read, [as_read(file) for file in new.files], new.table)

    def read_files(self, opening: Opening) -> DataFrame:
        """All files of a folder, as ``read_files`` reads them in batch."""
        given = sorted(f"{name}={value}" for name, value in opening.options.items())
        key = ("read_files", opening.path, *given, "" if opening.schema is None else str(opening.schema))
        new = self.read_once(key, lambda: read_all_files(opening, LoaderState()))
        return self.make_frame(new.table, new.schema)

    def stream_paths(self, frame: DataFrame) -> Sequence[str]:  # noqa: ARG002 - as `Engine` declares it
        """None: the paths of landing folders are known when they are opened."""
        return ()

    def show_metadata(self, frame: DataFrame) -> DataFrame:
        """A query that may name ``_metadata``, which a star does not select."""
        return self.replace_calls(self.views.show_metadata(frame))

    def replace_calls(self, frame: DataFrame) -> DataFrame:
        """A query without calls that Sail evaluates otherwise than Spark."""
        return replace_calls(self.functions, frame)

    def mark_violations(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> DataFrame:
        """Add one boolean column per rule: whether the row meets it."""
        empty = self.spark.createDataFrame([], frame.schema)
        return mark_violations(frame, [replace_in_rule(self.functions, empty, rule) for rule in rules])

    def check_view(self, view: Dataset, frame: DataFrame, context: FlowContext) -> DataFrame:
        """Apply the expectations of a view: count its rows, and go on with those that are not dropped."""
        frame = self.show_metadata(frame)
        if not view.expectations:
            return frame
        counts: Counter[str] = Counter()
        marked = self.mark_violations(frame, view.expectations)
        kept = [count_and_drop(batch, view.expectations, counts) for batch in read_batches(marked)]
        metric = f"cbx view {view.name.key}"
        context.reads.views.append(ViewUse(view, metric, None))
        context.reads.observed.append({metric: dict(counts)})
        total = read_counts(counts, view.expectations, view.name.written)
        if total.violated_fail_rules:
            raise _view_error(total, view.name.written)
        rows = create_frame(self.spark, concat_rows(kept, frame.schema), frame.schema)
        streams = self.views.streams_in(frame)
        if not streams:
            return rows
        return self.views.add_stream(rows, streams[0].files, is_new=streams[0].is_new)

    def check_conditions(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> None:
        """Nothing: the conditions were checked before the update."""

    def describe_query(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> QueryDescription:
        """What the rows of a query depend on."""
        return describe_plans(self.views.plans(frame), frame.schema, rules)

    def read_plan(self, frame: DataFrame) -> Operation | Obstacle:  # noqa: ARG002 - as `Engine` declares it
        """An obstacle: views are recomputed."""
        return Obstacle("Sail recomputes materialized views", "PLAN_NOT_INCREMENTALIZABLE")

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
        (stream,) = self.views.streams_in(frame)
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
        *,
        is_divided: bool = False,
    ) -> Counts:
        """Write rows as Parquet, and count them and their violations."""
        counts: Counter[str] = Counter()
        columns = batch.schema
        marked = read_batches(self.mark_violations(batch, rules))
        kept: Iterable[pa.Table] = (count_and_drop(rows, rules, counts) for rows in marked)
        if others is not None:
            new = create_frame(self.spark, concat_rows(kept, columns), columns)
            whole = others.unionByName(new, allowMissingColumns=True)
            columns, kept = whole.schema, read_batches(whole)
        shutil.rmtree(folder, ignore_errors=True)
        if is_divided:
            write_parquet_by_bucket(folder, columns, concat_rows(kept, columns))
        else:
            write_parquet(folder, columns, kept)
        total = read_counts(counts, rules, dataset)
        if total.violated_fail_rules:
            shutil.rmtree(folder)
            raise expectation_error(total, dataset)
        return total

    @contextmanager
    def hold_changes(self, changes: DataFrame, query: DataFrame | None, most: int) -> Iterator[HeldChanges]:  # noqa: ARG002 - as `Engine` declares it
        """Read the rows of changes, which stay in memory while the context lasts."""
        rows = read_rows(changes)
        frame = create_frame(self.spark, rows, changes.schema)
        yield HeldChanges(frame, rows.nbytes // _COMPRESSED, is_kept=True, rows_read=rows.num_rows)

    def read_merge_state(
        self, spark: SparkSession, state: MergeState, numbers: Collection[int] | None = None
    ) -> DataFrame:
        """The rows of the state of an AUTO CDC target, of all buckets or of some."""
        if state.columns is None:
            return spark.read.parquet(*map(str, state.files()))
        return self.read_parquet(state.files(numbers), state.columns)

    def merge_changes(
        self, state: DataFrame | None, changes: HeldChanges, spec: CdcSpec, after: MergeState
    ) -> MergeCounts | None:
        """Merge changes into the state of an AUTO CDC target, and write the new one."""
        counts: Counter[str] = Counter()

        def count(rows: DataFrame) -> DataFrame:
            table = read_rows(rows)
            for name, column in MERGE_COUNTS.items():
                counts[name] += pc.sum(table.column(column)).as_py() or 0
            return create_frame(self.spark, table, rows.schema)

        if after.columns is not None and not are_alike(after.columns, merge_changes(state, changes.rows, spec).schema):
            return None
        merged = merge_changes(state, changes.rows, spec, count)
        if after.buckets > 1:
            divided = merged.withColumn(BUCKET, bucket_of_event(merged, spec, after.buckets))
            write_parquet_by_bucket(after.folder, divided.schema, read_rows(divided))
        else:
            write_parquet(after.folder, merged.schema, read_batches(merged))
        describe_merge_state(replace(after, columns=merged.schema))
        return MergeCounts(changes.rows_read or 0, counts["num_upserted_rows"], counts["num_deleted_rows"])

    def write_files(self, rows: DataFrame, file_format: str, options: Mapping[str, str], folder: Path) -> int:  # noqa: ARG002 - none are allowed
        """Write rows as files of a format."""
        shutil.rmtree(folder, ignore_errors=True)
        if file_format == "json":
            return write_json_lines(folder, arrow_schema(rows.schema), read_batches(rows))
        return write_parquet(folder, rows.schema, read_batches(rows))


def _view_error(counts: Counts, view: str) -> ExpectationFailedError:
    """The error of Spark, which stops at the first row that violates a rule.

    Raises:
        NotOnSailError: If there are several such rules, since the order of the rows decides which one is named.
    """
    if len(counts.violated_fail_rules) > 1:
        raise NotOnSailError("violates several rules")
    return ExpectationFailedError(f"{view}: `{counts.violated_fail_rules[0].name}` failed")


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
