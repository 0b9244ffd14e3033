"""Runs the queries of a pipeline on Spark, with Structured Streaming."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import Observation
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.auto_cdc import BUCKET, merge_changes, observe_counts
from cbx.runtime.auto_loader import open_batch, open_stream
from cbx.runtime.flow_context import HeldChanges, MergeCounts
from cbx.runtime.flows import append_stream, check_views, expectations, fingerprint, rewrite_table
from cbx.runtime.flows.expectations import ROWS_READ
from cbx.runtime.spark.observations import read_observation, read_write_observation
from cbx.runtime.spark.plans.new_rows import readable_plan
from cbx.runtime.spark.plans.size import estimate_size
from cbx.runtime.spark.session import make_active
from cbx.runtime.tables.bucket_files import write_by_bucket
from cbx.runtime.tables.compaction.stream_progress import files_read
from cbx.runtime.tables.merge_state import describe_merge_state, read_merge_state
from cbx.runtime.tables.read_table import read_stream, read_table
from cbx.runtime.tables.schema import are_alike

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.auto_cdc import CdcSpec
    from cbx.runtime.auto_loader.reading_plan import Opening
    from cbx.runtime.definitions import Dataset, DatasetExpectation
    from cbx.runtime.flow_context import Engine, FlowContext
    from cbx.runtime.refresh_rules.query_description import Obstacle, QueryDescription
    from cbx.runtime.refresh_rules.query_plan import Operation
    from cbx.runtime.results import Counts
    from cbx.runtime.spark.format_read import FormatRead
    from cbx.runtime.tables.merge_state import MergeState
    from cbx.runtime.tables.store import TableFolder


def spark_engine(spark: SparkSession, smallest_incremental: int, most_files: int, bucket_size: int) -> Engine:
    """The engine with a session of Spark."""
    return _SparkEngine(spark, smallest_incremental, most_files, bucket_size)


@dataclass(frozen=True, slots=True)
class _SparkEngine:
    """The methods of ``Engine``, on Spark."""

    spark: SparkSession
    smallest_incremental: int
    most_files: int
    bucket_size: int

    def make_active(self) -> None:
        make_active(self.spark)

    def is_stream(self, frame: DataFrame) -> bool:
        return frame.isStreaming

    def read_table(self, folder: TableFolder, options: Mapping[str, str]) -> DataFrame:
        return read_table(folder, self.spark, options)

    def read_stream(self, folder: TableFolder, options: Mapping[str, str], context: FlowContext) -> DataFrame:
        start_folder = context.next_schema_folder
        rows, generation = read_stream(folder, self.spark, options, context.checkpoint, start_folder)
        context.reads.streams[folder.name.key] = generation
        return rows

    def open_files(self, opening: Opening, source_folder: Path, context: FlowContext | None) -> DataFrame:
        read = frozenset() if context is None else files_read(context.checkpoint)
        return open_stream(self.spark, opening, source_folder, read)

    def read_files(self, opening: Opening) -> DataFrame:
        return open_batch(self.spark, opening)

    def read_format(self, files: FormatRead, context: FlowContext | None) -> DataFrame | None:  # noqa: ARG002 - as above
        return None

    def show_metadata(self, frame: DataFrame) -> DataFrame:
        return frame

    def stream_paths(self, frame: DataFrame) -> Sequence[str]:
        return fingerprint.stream_paths(frame) if frame.isStreaming else ()

    def check_view(self, view: Dataset, frame: DataFrame, context: FlowContext) -> DataFrame:
        return check_views.check_view(view, frame, context)

    def check_conditions(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> None:
        expectations.check_conditions(frame, rules)

    def describe_query(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> QueryDescription:
        return fingerprint.describe_query(frame, rules)

    def read_plan(self, frame: DataFrame) -> Operation | Obstacle:
        return readable_plan(frame)

    def reads_only_known_files(self, frame: DataFrame, context: FlowContext) -> bool:
        return fingerprint.reads_only_known_files(frame, context)

    def streams_only_known_sources(self, frame: DataFrame, context: FlowContext) -> bool:
        return fingerprint.streams_only_known_sources(frame, context)

    def needs_complete_mode(self, frame: DataFrame) -> bool:
        return rewrite_table.needs_complete_mode(frame)

    def drain(
        self, context: FlowContext, frame: DataFrame, write: Callable[[DataFrame, int], None], mode: str = "append"
    ) -> None:
        append_stream.drain(context, frame, write, mode)

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
        return append_stream.write_and_check(batch, rules, folder, dataset, others, is_divided=is_divided)

    @contextmanager
    def hold_changes(self, changes: DataFrame, query: DataFrame | None, most: int) -> Iterator[HeldChanges]:
        size = None if query is None else estimate_size(changes, query)
        if not most or (size is not None and size > most):
            yield HeldChanges(changes, size, is_kept=False)
            return
        kept = changes.persist()
        try:
            yield HeldChanges(kept, size, is_kept=True)
        finally:
            kept.unpersist()

    def read_merge_state(
        self, spark: SparkSession, state: MergeState, numbers: Collection[int] | None = None
    ) -> DataFrame:
        return read_merge_state(spark, state, numbers)

    def merge_changes(
        self, state: DataFrame | None, changes: HeldChanges, spec: CdcSpec, after: MergeState
    ) -> MergeCounts | None:
        arrived, written = Observation(), Observation()
        counted = changes.rows.observe(arrived, F.count(F.lit(1)).alias("n"))
        merged = merge_changes(state, counted, spec, observe_counts(written), after.buckets)
        columns = merged.drop(BUCKET).schema if after.buckets > 1 else merged.schema
        if after.columns is not None and not are_alike(after.columns, columns):
            return None
        if after.buckets > 1:
            write_by_bucket(merged, after.folder)
        else:
            writer = merged.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
            writer.mode("overwrite").parquet(str(after.folder))
        describe_merge_state(replace(after, columns=columns))
        read = int(read_write_observation(changes.rows, arrived).get("n") or 0)
        target = read_observation(written) if not read else read_write_observation(changes.rows, written)
        return MergeCounts(read, int(target.get("num_upserted_rows") or 0), int(target.get("num_deleted_rows") or 0))

    def write_files(self, rows: DataFrame, file_format: str, options: Mapping[str, str], folder: Path) -> int:
        observation = Observation()
        counted = rows.observe(observation, F.count(F.lit(1)).alias(ROWS_READ))
        counted.write.format(file_format).options(**options).mode("overwrite").save(str(folder))
        return int(read_write_observation(rows, observation).get(ROWS_READ) or 0)
