"""The state of a flow while its query runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cbx.diagnostics.codes import EXPECTATION_FAILED, NEEDS_FULL_REFRESH, UPSTREAM_FAILED
from cbx.runtime.errors import RunError
from cbx.runtime.tables.store import folder_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pyspark.sql import DataFrame, Observation, SparkSession

    from cbx.runtime.auto_cdc import CdcSpec
    from cbx.runtime.auto_loader.reading_plan import Opening
    from cbx.runtime.definitions import Dataset, DatasetExpectation
    from cbx.runtime.refresh_rules.query_description import Obstacle, QueryDescription
    from cbx.runtime.refresh_rules.query_plan import Operation
    from cbx.runtime.results import Counts
    from cbx.runtime.spark.format_read import FormatRead
    from cbx.runtime.tables.merge_state import MergeState
    from cbx.runtime.tables.store import TableFolder


class UpstreamFailedError(RunError):
    """An input of a dataset failed, so the dataset is not refreshed."""

    def __init__(self, message: str) -> None:
        super().__init__(UPSTREAM_FAILED, message)


class ExpectationFailedError(RunError):
    """Rows violate an expectation that fails the update."""

    def __init__(self, message: str) -> None:
        hint = "the table was not changed; fix the input or the expectation and run again"
        super().__init__(EXPECTATION_FAILED, message, hint=hint)


@dataclass(frozen=True, slots=True)
class ViewUse:
    """A view with expectations that a flow reads. The query of the flow counts its rows."""

    view: Dataset
    metric: str
    observation: Observation | None


@dataclass(slots=True)
class FlowReads:
    """What a flow has read so far, and what Spark counted.

    Attributes:
        streams: The generation of every streaming table that it streams from, by the table's key.
        views: The views with expectations that it reads.
        view_frames: The rows of the views that it has read; each view is evaluated once.
        landings: The folders that Auto Loader watches for it.
        is_streaming: Whether a streaming query reads them.
        is_certain: Whether all inputs of the flow are known, so that it has nothing to do until one of them grows.
        observed: The observed metrics, one mapping per micro-batch.
        sources: How many Auto Loader sources it has.
    """

    streams: dict[str, int] = field(default_factory=dict)
    views: list[ViewUse] = field(default_factory=list)
    view_frames: dict[str, DataFrame] = field(default_factory=dict)
    landings: list[str] = field(default_factory=list)
    is_streaming: bool = False
    is_certain: bool = False
    observed: list[dict[str, dict[str, int]]] = field(default_factory=list)
    sources: int = 0


class Engine(Protocol):
    """Runs the queries of a pipeline: Spark, or Sail."""

    @property
    def spark(self) -> SparkSession:
        """The session."""

    @property
    def smallest_incremental(self) -> int:
        """The size in bytes of inputs from which on a materialized view may be refreshed from their new rows."""

    @property
    def most_files(self) -> int:
        """From how many files on those of a streaming table are put together."""

    @property
    def bucket_size(self) -> int:
        """The size in bytes of the buckets into which the state of an AUTO CDC target is divided."""

    def make_active(self) -> None:
        """Make the session the active one of this thread."""

    def is_stream(self, frame: DataFrame) -> bool:
        """Whether a query reads a stream."""

    def read_table(self, folder: TableFolder, options: Mapping[str, str]) -> DataFrame:
        """The rows of a table."""

    def read_stream(self, folder: TableFolder, options: Mapping[str, str], context: FlowContext) -> DataFrame:
        """The new rows of a streaming table."""

    def open_files(self, opening: Opening, source_folder: Path, context: FlowContext | None) -> DataFrame:
        """New files of a folder, as Auto Loader reads them."""

    def read_files(self, opening: Opening) -> DataFrame:
        """All files of a folder."""

    def read_format(self, files: FormatRead, context: FlowContext | None) -> DataFrame | None:
        """The rows of files, as ``spark.read`` and ``spark.readStream`` read them; None if these themselves do."""

    def show_metadata(self, frame: DataFrame) -> DataFrame:
        """The query of a function, in which ``_metadata`` can be selected by name."""

    def stream_paths(self, frame: DataFrame) -> Sequence[str]:
        """The paths that the streams of a query read, where the engine knows them."""

    def check_view(self, view: Dataset, frame: DataFrame, context: FlowContext) -> DataFrame:
        """Apply the expectations of a view to its rows."""

    def check_conditions(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> None:
        """Refuse expectations that are not conditions on one row."""

    def describe_query(self, frame: DataFrame, rules: Sequence[DatasetExpectation]) -> QueryDescription:
        """What the rows of a query depend on."""

    def read_plan(self, frame: DataFrame) -> Operation | Obstacle:
        """The plan of a query; an obstacle if it tells nothing of new rows."""

    def reads_only_known_files(self, frame: DataFrame, context: FlowContext) -> bool:
        """Whether a batch query reads only tables and landing folders."""

    def streams_only_known_sources(self, frame: DataFrame, context: FlowContext) -> bool:
        """Whether a stream reads only streaming tables and landing folders."""

    def needs_complete_mode(self, frame: DataFrame) -> bool:
        """Whether the rows of a stream cannot be appended, because it aggregates without a watermark."""

    def drain(
        self, context: FlowContext, frame: DataFrame, write: Callable[[DataFrame, int], None], mode: str = "append"
    ) -> None:
        """Write what is new in a stream, in one or several batches, and keep how far it was read."""

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
        """Write rows as Parquet, by their buckets if they are divided, and count them and their violations."""

    def hold_changes(
        self, changes: DataFrame, query: DataFrame | None, most: int
    ) -> AbstractContextManager[HeldChanges]:
        """Keep the rows of changes while the context lasts, so that they are computed once.

        Args:
            changes: The changes.
            query: The query whose plan tells their size; None if none does.
            most: Changes are not kept if it is certain that they have more bytes than this.
        """

    def read_merge_state(
        self, spark: SparkSession, state: MergeState, numbers: Collection[int] | None = None
    ) -> DataFrame:
        """The rows of the state of an AUTO CDC target, of all buckets or of some.

        Args:
            spark: The session of the changes, since a micro-batch has its own.
            state: The state.
            numbers: The buckets; None for all.
        """

    def merge_changes(
        self, state: DataFrame | None, changes: HeldChanges, spec: CdcSpec, after: MergeState
    ) -> MergeCounts | None:
        """Merge changes into the state of an AUTO CDC target, and write the new one.

        Args:
            state: The rows of the state before, or of those buckets that the changes touch.
            changes: The changes.
            spec: The flow that they come from.
            after: Where the new state is written, and how it is divided. Its columns, if it has any, must be those of
                the new state.

        Returns:
            None if the new state has other columns; then nothing is written.
        """

    def write_files(self, rows: DataFrame, file_format: str, options: Mapping[str, str], folder: Path) -> int:
        """Write rows as files of a format, whose names begin with ``part-``, and count them."""


class HeldChanges(NamedTuple):
    """Changes whose size may be known.

    Attributes:
        rows: The changes.
        size: About how many bytes they take as Parquet; None if that is not known.
        is_kept: Whether they are computed once, however often they are read.
        rows_read: How many there are; None if they are counted while they are merged.
    """

    rows: DataFrame
    size: int | None
    is_kept: bool
    rows_read: int | None = None


class MergeCounts(NamedTuple):
    """How many changes arrived, and how many rows of the target they wrote and deleted."""

    read: int
    upserted: int
    deleted: int


@dataclass(frozen=True, slots=True)
class FlowContext:
    """One update of one flow.

    Attributes:
        engine: Runs its query.
        name: The flow.
        folder: The table that it fills.
        update: The number of the table's update that it is part of.
        is_dry: Whether the flow is only checked, without reading or writing rows.
        reads: What it has read so far.
    """

    engine: Engine
    name: str
    folder: TableFolder
    update: int
    is_dry: bool = False
    reads: FlowReads = field(default_factory=FlowReads)

    @property
    def checkpoint(self) -> Path:
        """The checkpoint of the flow."""
        return self.folder.progress(self.update) / folder_name(self.name)

    def next_schema_folder(self) -> Path:
        """The schema folder of the next Auto Loader source of the flow."""
        self.reads.sources += 1
        return self.folder.progress(self.update) / f"schemas-{folder_name(self.name)}" / str(self.reads.sources)

    def check_generations(self, last: Mapping[str, int]) -> None:
        """Refuse a stream whose source was fully refreshed.

        Args:
            last: The generation of every source in the last update of the flow, by the key of the source.

        Raises:
            RunError: If a source has another generation.
        """
        for key, generation in self.reads.streams.items():
            if last.get(key, generation) != generation:
                raise RunError(
                    NEEDS_FULL_REFRESH,
                    f"`{key}` was fully refreshed since `{self.folder.name.written}` read it",
                    hint=f"run with --full-refresh --select {self.folder.name.key}",
                )
