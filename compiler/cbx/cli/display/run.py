"""What ``cbx run`` shows: each dataset as it is done, and one table at the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cbx.runtime.log.events import Event, FlowFinished, FlowStarted, NoteAdded, UpdateProgress

if TYPE_CHECKING:
    from cbx.runtime.problems import Problem
    from cbx.runtime.results import DatasetResult, RunResult

_FILE_WIDTH = 200
_COLUMNS = ("read", "written", "dropped")


class RunDisplay:
    """Shows the events of an update: in place on a terminal, as plain lines elsewhere."""

    def __init__(self, console: Console, *, is_dry: bool = False) -> None:
        self._console = console
        self._is_dry = is_dry
        self._under_way: list[str] = []
        self._waiting_for = "Spark starts"
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None

    def __enter__(self) -> RunDisplay:  # noqa: PYI034 - Self is newer than Python 3.10
        if self._live is not None:
            self._live.start()
            self._refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take in an event."""
        if isinstance(event, FlowStarted):
            self._under_way.append(event.dataset)
        elif isinstance(event, FlowFinished):
            if event.result.name in self._under_way:
                self._under_way.remove(event.result.name)
            if not self._is_dry:
                self._console.print(_progress_line(event.result), highlight=False)
        elif isinstance(event, NoteAdded):
            where = f"{event.place}: " if event.place else ""
            self._console.print(Text(f"note: {where}{event.text}", style="yellow"), soft_wrap=True)
        elif isinstance(event, UpdateProgress):
            self._waiting_for = {"INITIALIZING": "Spark starts"}.get(event.state, "")
        self._refresh()

    def _refresh(self) -> None:
        if self._live is not None:
            text = ", ".join(self._under_way) or self._waiting_for
            line = Text(text, no_wrap=True, overflow="ellipsis")
            self._live.update(Spinner("dots", text=line) if text else "")


def _progress_line(result: DatasetResult) -> Text:
    marks = {
        "completed": ("done", "green"),
        "unchanged": ("same", "dim"),
        "failed": ("FAILED", "bold red"),
        "skipped": ("skipped", "yellow"),
    }
    mark, style = marks.get(result.status, (result.status, ""))
    text = Text(f"{mark:<8}", style=style)
    text.append(f"{result.name}  {result.seconds:.1f} s", style="default")
    return text


def closing_table(datasets: Sequence[DatasetResult]) -> Table:
    """One row a dataset: what came in, what went out, which rules rows broke, and how long it took."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    table.add_column("table", overflow="fold")
    table.add_column("kind", no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("failed rules", overflow="fold")
    table.add_column("time", justify="right", no_wrap=True)
    for dataset in datasets:
        table.add_row(*_cells(dataset))
    return table


def _show_checks(console: Console, checks: Sequence[DatasetResult]) -> None:
    """One line on the checks that hold, and one for each that does not: a pipeline has more checks than tables."""
    if not checks:
        return
    done = [check for check in checks if check.status in ("completed", "unchanged")]
    broken = [check for check in done if any(rule.failed for rule in check.expectations)]
    parts = [f"{len(done) - len(broken)} hold"]
    parts += [f"{len(broken)} do not"] if broken else []
    parts += [f"{len(checks) - len(done)} could not be made"] if len(done) < len(checks) else []
    unchanged = sum(check.status == "unchanged" for check in done)
    parts += [f"{unchanged} unchanged"] if unchanged else []
    console.print(f"checks on keys and relationships: {', '.join(parts)}", highlight=False)
    broken += [
        check for check in checks if check.status == "skipped" and any(rule.failed for rule in check.expectations)
    ]
    for check in broken:
        counts = ", ".join(
            f"{rule.name} {rule.failed:,} of {rule.passed + rule.failed:,}"
            for rule in check.expectations
            if rule.failed
        )
        counts += "" if check.status == "completed" else ", unchanged"
        console.print(f"  {check.name}   {counts}", style="yellow", highlight=False, soft_wrap=True)
    console.print()


def _cells(dataset: DatasetResult) -> list[str | Text]:
    time = f"{dataset.seconds:.1f} s"
    if dataset.status in ("failed", "skipped"):
        style = "red" if dataset.status == "failed" else "yellow"
        dash = "-"
        return [dataset.name, dataset.kind or dash, dash, dash, dash, Text(dataset.status, style=style), time]
    takes_changes = dataset.kind.startswith("scd")
    has_drops = any(
        rule.on_violation == "drop" and (takes_changes or rule.dataset == dataset.name) for rule in dataset.expectations
    )
    return [
        dataset.name,
        dataset.kind,
        f"{dataset.rows_read:,}",
        f"{dataset.rows_written:,}",
        f"{dataset.rows_dropped:,}" if has_drops else "-",
        _failed_rules(dataset) or "-",
        time,
    ]


def _failed_rules(dataset: DatasetResult) -> str:
    """The rules that rows broke; those of a dataset that did not change are of the last update that had rows."""
    words = [f"{rule.name} {rule.failed:,}" for rule in dataset.expectations if rule.failed]
    return ", ".join([*words, "unchanged"] if dataset.status == "unchanged" else words)


def show_problem(console: Console, headline: str, problem: Problem) -> None:
    """Print one problem: what it is about, where, why, and the way out."""
    console.print(Text.assemble(("error", "bold red"), f": {headline}{problem.reason}"), soft_wrap=True)
    if problem.place is not None:
        console.print(f"  --> {problem.place}", soft_wrap=True, highlight=False, markup=False)
    if problem.hint:
        console.print(f"   = hint: {problem.hint}", soft_wrap=True, highlight=False, markup=False)


def show_result(console: Console, result: RunResult, state: str, checks: frozenset[str] = frozenset()) -> None:
    """Print the end of an update: the table, the checks, what went wrong, and where to look.

    Args:
        console: Where to.
        result: The update.
        state: The state folder, as the user would write it.
        checks: The datasets that only check others; they are summed up.
    """
    datasets = [dataset for dataset in result.datasets if dataset.name not in checks]
    if datasets:
        console.print()
        console.print(closing_table(datasets), highlight=False)
        console.print()
    _show_checks(console, [dataset for dataset in result.datasets if dataset.name in checks])
    _show_problems(console, result)
    done = [dataset for dataset in datasets if dataset.status in ("completed", "unchanged")]
    tables = [dataset for dataset in done if dataset.kind not in ("view", "sink")]
    look = f" State in {state}, look with `cbx show {tables[-1].name}`." if tables else ""
    count = f"{len(done)} of {len(datasets)}" if len(done) < len(datasets) else str(len(done))
    if datasets:
        noun = "table" if count == "1" else "tables"
        console.print(f"{count} {noun} in {result.seconds:.1f} s.{look}", soft_wrap=True, highlight=False)


def _show_problems(console: Console, result: RunResult) -> None:
    for problem in result.problems:
        show_problem(console, "", problem)
    for dataset in result.datasets:
        if dataset.problem is not None and dataset.status == "failed":
            prefix = "" if dataset.problem.reason.startswith(f"{dataset.name}: ") else f"{dataset.name}: "
            show_problem(console, prefix, dataset.problem)


def show_graph(console: Console, result: RunResult) -> None:
    """Print what the definitions are and what each reads, after a dry run."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    for name in ("dataset", "kind", "reads"):
        table.add_column(name, overflow="fold")
    for dataset in result.datasets:
        table.add_row(dataset.name, dataset.kind, ", ".join(dataset.inputs) or "-")
    if result.datasets:
        Console(width=console.width).print(table, highlight=False)
    _show_problems(console, result)


def error_console() -> Console:
    """Where progress and problems go. A file has no width, so lines in it are not broken."""
    console = Console(file=sys.stderr)
    return console if console.is_terminal else Console(file=sys.stderr, width=_FILE_WIDTH)
