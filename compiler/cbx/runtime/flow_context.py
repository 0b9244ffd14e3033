"""What is known while a flow's query is being built and run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cbx.runtime.problems import RunError
from cbx.runtime.tables.store import folder_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame, Observation

    from cbx.runtime.definitions import Dataset
    from cbx.runtime.tables.store import TableFolder


class UpstreamFailedError(RunError):
    """A dataset cannot be made because one that it reads could not."""


class ExpectationFailedError(RunError):
    """Rows broke a rule that must hold."""


@dataclass(frozen=True, slots=True)
class ViewUse:
    """A view with rules that a flow reads: its rows are counted in the flow's own query."""

    view: Dataset
    metric: str
    observation: Observation | None


@dataclass(slots=True)
class FlowReads:
    """What the query of a flow has read so far, and what Spark counted of it.

    Attributes:
        streams: The generation of every streaming table that it streams from, by the table's key.
        views: The views with rules that it reads.
        view_frames: The rows of the views that it has read, since a view is one query however often it is read.
        landings: The folders that Auto Loader watches for it.
        is_streaming: Whether a streaming query reads them.
        is_certain: Whether all that the flow reads is known, so that it has nothing to do until some of it grows.
        observed: What Spark observed under the views' metrics, one per micro-batch.
        sources: How many sources of Auto Loader it has.
    """

    streams: dict[str, int] = field(default_factory=dict)
    views: list[ViewUse] = field(default_factory=list)
    view_frames: dict[str, DataFrame] = field(default_factory=dict)
    landings: list[str] = field(default_factory=list)
    is_streaming: bool = False
    is_certain: bool = False
    observed: list[dict[str, dict[str, int]]] = field(default_factory=list)
    sources: int = 0


@dataclass(frozen=True, slots=True)
class FlowContext:
    """One flow, from the call of its query to the end of its write.

    Attributes:
        name: The flow.
        folder: The table that it fills.
        update: The number of the table's update that it is part of.
        is_dry: Whether the flow is only checked: no row is read or written.
        reads: What it has read so far.
    """

    name: str
    folder: TableFolder
    update: int
    is_dry: bool = False
    reads: FlowReads = field(default_factory=FlowReads)

    @property
    def checkpoint(self) -> Path:
        """Where Spark keeps how far the flow has read."""
        return self.folder.progress(self.update) / folder_name(self.name)

    def next_schema_folder(self) -> Path:
        """Where Auto Loader keeps the schema of the next source of the flow."""
        self.reads.sources += 1
        return self.folder.progress(self.update) / f"schemas-{folder_name(self.name)}" / str(self.reads.sources)

    def check_generations(self, known: Mapping[str, int]) -> None:
        """Refuse to go on with a stream whose source has been started over.

        Args:
            known: The generation of every source when the flow last read it, by the source's key.

        Raises:
            RunError: If a source is not the one that the flow has read so far.
        """
        for key, generation in self.reads.streams.items():
            if known.get(key, generation) != generation:
                raise RunError(
                    f"`{key}` was started over since `{self.folder.name.written}` read it",
                    hint=f"start this one over too: --full-refresh --select {self.folder.name.key}",
                )
