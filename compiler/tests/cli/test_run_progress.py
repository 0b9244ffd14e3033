"""The progress of `cbx run` on a terminal: how many datasets are done, and a line for each that is being refreshed."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from cbx.cli.display.run_progress import RunDisplay
from cbx.runtime.log.events import FlowFinished, FlowStarted, NoteAdded, TaskCount, TasksKnown, UpdateProgress
from cbx.runtime.results import DatasetResult


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def draw(display: RunDisplay, width: int = 80) -> list[str]:
    written = io.StringIO()
    Console(file=written, width=width, color_system=None).print(display.lines())
    return written.getvalue().splitlines()


def start(clock: Clock, height: int = 24) -> RunDisplay:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=height)
    display = RunDisplay(console, clock=clock)
    display(UpdateProgress("INITIALIZING", ""))
    return display


def test_what_is_refreshed_is_counted_and_aligned() -> None:
    """The total is known once the notebooks are loaded."""
    clock = Clock()
    display = start(clock)
    clock.now += 1.5
    starting = draw(display)
    display(UpdateProgress("RUNNING", "", datasets=12))
    display(FlowStarted("bronze.orders"))
    clock.now += 10
    display(FlowStarted("gold.sales"))
    display(FlowFinished(DatasetResult("bronze.orders", "streaming", "completed", seconds=10)))
    display(FlowStarted("bronze.customers"))
    clock.now += 0.5

    assert starting == ["starting  1.5 s"]
    assert draw(display) == [
        "[ 1/12]  12.0 s",
        "  gold.sales           0.5 s",
        "  bronze.customers     0.5 s",
    ]


def test_a_long_stage_shows_how_many_of_its_tasks_are_done() -> None:
    """Few tasks say nothing; the count is asked for once a second at most."""
    clock = Clock()
    display = start(clock)
    counts = iter([TaskCount(1, 4), TaskCount(34, 1200), None])
    display(TasksKnown(lambda: next(counts)))
    display(UpdateProgress("RUNNING", "", datasets=1))
    heads = []
    for seconds in (1, 1, 0.5, 1):
        clock.now += seconds
        heads.append(draw(display)[0])

    assert heads == [
        "[0/1]  1.0 s",
        "[0/1]  2.0 s  34 of 1,200 Spark tasks",
        "[0/1]  2.5 s  34 of 1,200 Spark tasks",
        "[0/1]  3.5 s",
    ]


def test_more_datasets_than_lines_are_counted() -> None:
    clock = Clock()
    display = start(clock, height=5)
    display(UpdateProgress("RUNNING", "", datasets=9))
    for number in range(5):
        display(FlowStarted(f"bronze.t{number}"))

    assert [line.split("  ")[1] for line in draw(display)] == ["0.0 s", "bronze.t0", "bronze.t1", "and 3 more"]


def test_a_file_has_lines_of_what_failed_and_of_long_updates() -> None:
    """The table at the end has the lines of a short update."""
    clock, written = Clock(), io.StringIO()
    done = DatasetResult("bronze.orders", "streaming", "completed", seconds=0.25)
    with RunDisplay(Console(file=written, width=200), clock=clock) as display:
        display(UpdateProgress("INITIALIZING", ""))
        display(UpdateProgress("RUNNING", "", datasets=1))
        display(FlowStarted("bronze.orders"))
        display(NoteAdded("packages are not installed"))
        display(FlowFinished(done))
        display(FlowFinished(replace(done, name="bronze.items", status="failed")))
        clock.now += 31
        display(FlowFinished(replace(done, name="gold.sales")))
        display(FlowFinished(replace(done, name="gold.days", status="unchanged")))

    assert written.getvalue().splitlines() == [
        "note: packages are not installed",
        "FAILED    0.2 s  bronze.items",
        "done      0.2 s  gold.sales",
    ]


def test_a_terminal_keeps_only_lines_of_what_failed() -> None:
    """The others are in the table at the end."""
    clock, written = Clock(), io.StringIO()
    with RunDisplay(Console(file=written, force_terminal=True, width=80, color_system=None), clock=clock) as display:
        clock.now += 60
        display(FlowFinished(DatasetResult("gold.sales", "batch", "completed")))
        display(FlowFinished(DatasetResult("gold.days", "batch", "failed")))

    assert "gold.sales" not in written.getvalue()
    assert "FAILED    0.0 s  gold.days\n" in written.getvalue()
