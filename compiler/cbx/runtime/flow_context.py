"""The state of a flow while its query runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cbx.diagnostics.codes import EXPECTATION_FAILED, NEEDS_FULL_REFRESH, UPSTREAM_FAILED
from cbx.runtime.errors import RunError
from cbx.runtime.tables.store import folder_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame, Observation

    from cbx.runtime.definitions import Dataset
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


@dataclass(frozen=True, slots=True)
class FlowContext:
    """One update of one flow.

    Attributes:
        name: The flow.
        folder: The table that it fills.
        update: The number of the table's update that it is part of.
        is_dry: Whether the flow is only checked, without reading or writing rows.
        reads: What it has read so far.
    """

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
