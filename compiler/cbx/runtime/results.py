"""The request and the result of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.runtime.errors import QueryLine

TableKind = Literal["streaming", "rewritten", "batch", "scd 1", "scd 2"]
"""The kind of a table: appended or rewritten by streams, replaced by a query, or merged from changes."""

EngineName = Literal["sail", "spark"]
"""What runs the queries. Sail needs no Java; what it cannot run, Spark runs."""

ResultKind = Literal[TableKind, "view", "sink", ""]
"""The kind of a dataset; empty if it is unknown."""

Status = Literal["completed", "unchanged", "failed", "skipped", "excluded"]


def keep_span(diagnostic: Diagnostic, _: QueryLine | None) -> Diagnostic:
    """The diagnostic as it is, for files that are not compiled from others."""
    return diagnostic


class StandInPaths(NamedTuple):
    """What stands in for tables and streams outside the pipeline.

    Attributes:
        tables: A file or a folder by the name of a table.
        streams: A folder of messages by the name of a topic or of a service.
    """

    tables: Mapping[str, str] = MappingProxyType({})
    streams: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One update of a pipeline.

    Attributes:
        paths: Notebooks, plain files or folders of them.
        state: The folder of tables, checkpoints and events.
        configuration: The pipeline's configuration, which notebooks read with ``spark.conf.get``.
        working_folder: Where relative paths start.
        select: The datasets to refresh; None for all. Inputs that are not selected are read as they are.
        full_refresh: Whether to drop all state and rebuild every table.
        master: A Spark master; None for this machine.
        spark_settings: Settings of Spark from the command line and the project.
        dry_run: Whether to only check the definitions, without rows, and write nothing.
        stand_ins: What stands in for tables and streams outside the pipeline.
        smallest_incremental: The size in bytes of inputs from which on a materialized view may be refreshed from their
            new rows. For smaller ones a recomputation costs less.
        most_files: From how many files on those of a streaming table are put together.
        bucket_size: The size in bytes of the buckets into which an AUTO CDC target and its state are divided. One that
            would have less than four is not divided, since a merge of few changes costs as much.
        trace_back: Moves a diagnostic from a compiled file to the file it was compiled from. The second argument is the
            line of the SQL text that Spark names, if it does.
        checks: The datasets that only check other datasets.
        origin: A hash of everything from which the rest of the request was made, if that is known. A request with an
            equal one is equal.
    """

    paths: tuple[Path, ...]
    state: Path
    configuration: Mapping[str, str]
    working_folder: Path
    select: frozenset[str] | None = None
    full_refresh: bool = False
    master: str | None = None
    spark_settings: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    engine: EngineName = "spark"
    stand_ins: StandInPaths = field(default_factory=StandInPaths)
    smallest_incremental: int = 16 * 1024 * 1024
    most_files: int = 32
    bucket_size: int = 512 * 1024
    trace_back: Callable[[Diagnostic, QueryLine | None], Diagnostic] = keep_span
    checks: frozenset[str] = frozenset()
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectationMetrics:
    """How many rows passed and failed an expectation in one update; the condition distinguishes equal names."""

    name: str
    dataset: str
    on_violation: Literal["warn", "drop", "fail"]
    passed: int
    failed: int
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of the rows of one write."""

    rows_read: int
    written: int
    dropped: int
    rules: tuple[ExpectationMetrics, ...]
    deleted: int = 0

    @property
    def violated_fail_rules(self) -> tuple[ExpectationMetrics, ...]:
        """The violated expectations that fail the update."""
        return tuple(rule for rule in self.rules if rule.on_violation == "fail" and rule.failed)


NOTHING = Counts(0, 0, 0, ())

Technique = Literal["NO_OP", "APPEND_ONLY", "GROUP_AGGREGATE", "GENERIC_AGGREGATE", "COMPLETE_RECOMPUTE"]
"""How a materialized view is refreshed: the maintenance types of Databricks' event log that cbx has."""


@dataclass(frozen=True, slots=True)
class RefreshDecision:
    """How a materialized view was refreshed, and why.

    Attributes:
        technique: How.
        reason: Why, as the end of a sentence; empty if nothing speaks against an incremental refresh.
        issue: The kind of reason, as Databricks' event log calls it; empty if there is none.
    """

    technique: Technique
    reason: str = ""
    issue: str = ""

    @property
    def is_incremental(self) -> bool:
        """Whether only a part of the rows was computed."""
        return self.technique not in ("NO_OP", "COMPLETE_RECOMPUTE")


@dataclass(frozen=True, slots=True)
class DatasetResult:
    """What one update did to one dataset.

    Attributes:
        name: The dataset, as its notebook spells it.
        kind: Its kind.
        status: The outcome. ``unchanged``: there was nothing to do; ``skipped``: an input failed. For these two,
            ``rows_dropped`` and ``expectations`` are those of the last update that had rows.
        rows_read: Rows that were checked, or changes that arrived.
        rows_written: Rows that were written.
        rows_dropped: Rows that an expectation dropped; for a target of AUTO CDC, which has no expectations, those
            of the views that feed it.
        rows_deleted: Rows that changes deleted from a target of AUTO CDC; rows of a materialized view that an
            incremental refresh computed again.
        expectations: Counts of every expectation, including those of the views that it reads.
        seconds: How long it took, without waiting for other datasets.
        diagnostic: Why it failed or was skipped.
        inputs: The datasets that it reads, directly, in the order in which it first reads them.
        refresh: How a materialized view was refreshed; None for other kinds, and if it failed.
    """

    name: str
    kind: ResultKind
    status: Status
    rows_read: int = 0
    rows_written: int = 0
    rows_dropped: int = 0
    rows_deleted: int = 0
    expectations: tuple[ExpectationMetrics, ...] = ()
    seconds: float = 0.0
    diagnostic: Diagnostic | None = None
    inputs: tuple[str, ...] = ()
    refresh: RefreshDecision | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one update did.

    Attributes:
        datasets: What it did to each dataset, in the order of definition, but each after those that it reads.
        diagnostics: What is wrong with the files or the definitions as a whole; then nothing was refreshed.
        seconds: How long it took.
        landings: The landing folders that streams read, each with a signature of its files before they were read.
    """

    datasets: tuple[DatasetResult, ...]
    diagnostics: tuple[Diagnostic, ...]
    seconds: float
    landings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        """Whether every selected dataset is up to date."""
        return not self.diagnostics and all(result.status not in ("failed", "skipped") for result in self.datasets)
