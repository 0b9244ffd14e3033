"""The progress of ``cbx run``: on a terminal what is being refreshed, and a line for each dataset that failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.live import Live
from rich.text import Text

from cbx.cli.display.colours import DONE, ERROR, WARNING
from cbx.cli.display.console_text import print_words
from cbx.runtime.log.events import FlowFinished, FlowStarted, NoteAdded, TasksKnown, UpdateProgress

if TYPE_CHECKING:
    from rich.console import Console

    from cbx.runtime.log.events import Event, TaskCount
    from cbx.runtime.results import DatasetResult

_PER_SECOND = 8
_QUIET = 30.0
"""The seconds after which a file has a line for each dataset: the table at the end has those of a short update."""
_MANY_TASKS = 10
"""Fewer tasks say nothing about how long a stage takes."""
_LEAST_LINES = 3
"""Lines of the terminal that are left to what was printed before."""


class RunDisplay:
    """Shows the events of an update: on a terminal how many datasets are done, and which are being refreshed."""

    def __init__(self, console: Console, *, is_dry: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._is_dry = is_dry
        self._clock = clock
        self._started = clock()
        self._running: dict[str, float] = {}
        self._done = 0
        self._total: int | None = None
        self._is_starting = True
        self._count_tasks: Callable[[], TaskCount | None] = _no_tasks
        self._tasks: TaskCount | None = None
        self._counted = self._started
        self._live = (
            Live(get_renderable=self.lines, console=console, refresh_per_second=_PER_SECOND, transient=True)
            if console.is_terminal
            else None
        )

    def __enter__(self) -> RunDisplay:  # noqa: PYI034 - Self is newer than Python 3.10
        if self._live is not None:
            self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, FlowStarted):
            self._running[event.dataset] = self._clock()
        elif isinstance(event, FlowFinished):
            self._running.pop(event.result.name, None)
            self._done += 1
            if self._has_line(event.result):
                self._console.print(_finished_line(event.result), highlight=False, soft_wrap=True)
        elif isinstance(event, NoteAdded):
            where = f"{event.place}: " if event.place else ""
            print_words(self._console, f"note: {where}{event.text}", "  ", WARNING.style, "note")
        elif isinstance(event, UpdateProgress):
            self._is_starting = event.state == "INITIALIZING"
            self._total = event.datasets if event.datasets is not None else self._total
        elif isinstance(event, TasksKnown):
            self._count_tasks = event.count

    def _has_line(self, result: DatasetResult) -> bool:
        """Whether a line about a dataset stays: at once if it failed, and in the log of a long update."""
        if self._is_dry or result.status == "unchanged":
            return False
        is_late = self._live is None and self._clock() - self._started >= _QUIET
        return result.status == "failed" or is_late

    def lines(self) -> Group:
        """The lines that show what is being refreshed now."""
        now = self._clock()
        seconds = f"{now - self._started:.1f} s"
        if self._is_starting:
            return Group(Text(f"starting  {seconds}", style="dim"))
        total = "?" if self._total is None else str(self._total)
        if now - self._counted >= 1:
            self._tasks, self._counted = self._count_tasks(), now
        tasks = self._tasks
        parts = [f"[{self._done:>{len(total)}}/{total}]", seconds]
        parts += (
            [f"{tasks.done:,} of {tasks.total:,} Spark tasks"]
            if tasks is not None and tasks.total >= _MANY_TASKS
            else []
        )
        running = list(self._running.items())
        most = max(self._console.height - _LEAST_LINES, 1)
        width = max((cell_len(name) for name, _ in running), default=0)
        lines = [Text(f"  {name}{' ' * (width - cell_len(name))}  {now - start:>6.1f} s") for name, start in running]
        more = [Text(f"  and {len(lines) - most} more", style="dim")] if len(lines) > most else []
        return Group(Text("  ".join(parts), style="bold"), *lines[:most], *more)


def _no_tasks() -> None:
    return None


def _finished_line(result: DatasetResult) -> Text:
    marks = {
        "completed": ("done", DONE.style),
        "failed": ("FAILED", f"bold {ERROR.style}"),
        "skipped": ("skipped", WARNING.style),
    }
    mark, style = marks.get(result.status, (result.status, ""))
    return Text.assemble((f"{mark:<7}", style), f" {result.seconds:>5.1f} s  {result.name}")
