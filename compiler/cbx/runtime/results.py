"""What is asked of a run, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cbx.runtime.problems import Problem

TableKind = Literal["streaming", "batch", "scd 1", "scd 2"]
"""What a table is: appended by streams, replaced by a query, or merged from changes."""

ResultKind = Literal[TableKind, "view", "sink", ""]
"""What a dataset is; empty where nothing is known of it."""

Status = Literal["completed", "unchanged", "failed", "skipped", "excluded"]


def as_it_is(problem: Problem) -> Problem:
    """The problem; files that nobody compiled are what the user wrote."""
    return problem


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One update of a pipeline.

    Attributes:
        paths: Notebooks, plain files or folders of them.
        state: The folder that keeps tables, checkpoints and events from one update to the next.
        configuration: The pipeline's configuration, which notebooks read with ``spark.conf.get``.
        working_folder: Where relative paths start.
        select: The datasets to update; None for all. What they read and is not selected is read as it stands.
        full_refresh: Whether to forget what is there and start over.
        master: A Spark master; None for this machine.
        dry_run: Whether to check the definitions, as far as that goes without rows, and to write nothing.
        trace_back: Gives a problem in a file the place in what the file was compiled from.
    """

    paths: tuple[Path, ...]
    state: Path
    configuration: Mapping[str, str]
    working_folder: Path
    select: frozenset[str] | None = None
    full_refresh: bool = False
    master: str | None = None
    dry_run: bool = False
    trace_back: Callable[[Problem], Problem] = as_it_is


@dataclass(frozen=True, slots=True)
class ExpectationCount:
    """How many rows met a rule in one update, and how many did not; the condition tells rules of one name apart."""

    name: str
    dataset: str
    on_violation: Literal["warn", "drop", "fail"]
    passed: int
    failed: int
    condition: str = ""


@dataclass(frozen=True, slots=True)
class DatasetResult:
    """What one update did to one dataset.

    Attributes:
        name: The dataset, as its notebook spells it.
        kind: What it is.
        status: How it ended. ``unchanged``: there was nothing to do; ``skipped``: what it reads failed. Then
            ``rows_dropped`` and ``expectations`` are those of the last update that had rows.
        rows_read: Rows that its rules saw, or changes that arrived.
        rows_written: Rows that came out.
        rows_dropped: Rows that a rule dropped; for a CDC target, which has no rules of its own, one of the views that
            feed it.
        rows_deleted: Rows that changes took away from a CDC target.
        expectations: Counts for every rule; those of the views it reads carry the view's name.
        seconds: How long it took, without the datasets that it waited for.
        problem: Why it failed or was skipped.
        inputs: The datasets that it reads, directly, in the order in which it first reads them.
    """

    name: str
    kind: ResultKind
    status: Status
    rows_read: int = 0
    rows_written: int = 0
    rows_dropped: int = 0
    rows_deleted: int = 0
    expectations: tuple[ExpectationCount, ...] = ()
    seconds: float = 0.0
    problem: Problem | None = None
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one update did.

    Attributes:
        datasets: What it did to each dataset, in the order of definition, but each after those that it reads.
        problems: What is wrong with the files or the definitions as a whole; nothing was updated then.
        seconds: How long it took.
        landings: The folders of files that streams read, as they name them, with a signature of what was in them before
            they were read.
    """

    datasets: tuple[DatasetResult, ...]
    problems: tuple[Problem, ...]
    seconds: float
    landings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        """Whether everything that was asked for has been done."""
        return not self.problems and all(result.status not in ("failed", "skipped") for result in self.datasets)
