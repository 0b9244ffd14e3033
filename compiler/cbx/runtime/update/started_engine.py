"""An engine that runs one update, with the ways in which it reaches what is outside the pipeline."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cbx.runtime.flows.refresh_table import refresh_table
from cbx.runtime.flows.write_sink import write_sink
from cbx.runtime.outside.outside_reads import OutsideReads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cbx.runtime.definitions import Dataset, Flow, Sink
    from cbx.runtime.flow_context import Engine
    from cbx.runtime.flows.refresh_result import RefreshResult
    from cbx.runtime.flows.refresh_table import Queries
    from cbx.runtime.log.events import TaskCount
    from cbx.runtime.names import DatasetName
    from cbx.runtime.tables.store import TableFolder


class EngineUnableError(BaseException):
    """An engine cannot run a query; no code of users catches this.

    Attributes:
        dataset: The dataset whose query it is.
        reason: The error.
    """

    def __init__(self, dataset: str, reason: Exception) -> None:
        super().__init__(dataset)
        self.dataset = dataset
        self.reason = reason


class Refresh(Protocol):
    """Refreshes a table, as ``refresh_table`` does."""

    def __call__(
        self,
        dataset: Dataset,
        flows: Sequence[Flow],
        folder: TableFolder,
        queries: Queries,
        *,
        full_refresh: bool,
        is_dry: bool = False,
    ) -> RefreshResult:
        """Refresh a table."""


class WriteSink(Protocol):
    """Writes flows to a sink, as ``write_sink`` does."""

    def __call__(
        self,
        sink: Sink,
        flows: Sequence[Flow],
        state: Path,
        queries: Queries,
        note: Callable[[str], None],
        *,
        full_refresh: bool,
        is_dry: bool = False,
    ) -> RefreshResult:
        """Append the new rows of flows to a sink."""


class StartedEngine(NamedTuple):
    """An engine that runs one update.

    Attributes:
        engine: The engine.
        outside: Reads what is outside the pipeline.
        intercept_writes: Intercepts what notebooks write, given whether a table is one of the pipeline.
        refresh: Refreshes a table.
        write_sink: Writes flows to a sink.
        is_parallel: Whether it refreshes several tables at a time.
        is_unable: Whether an error means that the engine cannot run a query, which another one may.
        count_tasks: Counts the tasks that are running.
    """

    engine: Engine
    outside: OutsideReads
    intercept_writes: Callable[[Callable[[DatasetName], bool]], AbstractContextManager[None]]
    refresh: Refresh = refresh_table
    write_sink: WriteSink = write_sink
    is_parallel: bool = True
    is_unable: Callable[[Exception], bool] = lambda _: False
    count_tasks: Callable[[], TaskCount | None] = lambda: None
