"""The results of an update, from its event log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class LastCount:
    """How many rows passed and failed an expectation; ``is_unchanged`` if an earlier run counted them."""

    passed: int
    failed: int
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class DatasetRun:
    """The result of a dataset: its status in lower case, or ``unchanged``, rows, and why it failed or was skipped.

    Attributes:
        seconds: From its start to its end; None if the log does not have its start.
    """

    status: str
    written: int | None
    dropped: int | None
    problem: str | None
    seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class LastRun:
    """The results of one update.

    Attributes:
        at: When its last event was written, in ISO 8601.
        state: Its last state, in lower case: ``completed``, ``failed``, or another one if it was interrupted.
        problem: Why the update as a whole failed; None if it did not.
        datasets: The result of each dataset.
        rules: The counts of each expectation, by dataset and name.
    """

    at: str
    state: str = ""
    problem: str | None = None
    datasets: Mapping[str, DatasetRun] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], LastCount] = field(default_factory=dict)

    @cached_property
    def violations(self) -> Mapping[str, int]:
        """How often rows of each dataset violated an expectation in this update: once for each expectation."""
        counts: Counter[str] = Counter()
        for (dataset, _), count in self.rules.items():
            counts[dataset] += 0 if count.is_unchanged else count.failed
        return counts


def read_last_run(rows: Iterable[Mapping[str, Any]]) -> LastRun:
    """Read the events of one update.

    Args:
        rows: The events in the format of the Databricks event log, oldest first, as from
            `cbx.runtime.log.last_update.last_update`.
    """
    at, state, problem, datasets = "", "", None, {}
    starts: dict[str, str] = {}
    rules: dict[tuple[str, str], LastCount] = {}
    for row in rows:
        at = row["timestamp"]
        if "update_progress" in row["details"]:
            state = row["details"]["update_progress"]["state"].lower()
            problem = _problem(row)
        progress = row["details"].get("flow_progress")
        if progress is None:
            continue
        name = row["origin"]["dataset_name"]
        metrics, quality = progress.get("metrics", {}), progress.get("data_quality", {})
        if progress["status"] == "RUNNING" and not metrics:
            starts[name] = at
            continue
        is_unchanged = bool(progress.get("unchanged"))
        datasets[name] = DatasetRun(
            status="unchanged" if is_unchanged and progress["status"] == "COMPLETED" else progress["status"].lower(),
            written=metrics.get("num_output_rows", metrics.get("num_upserted_rows")),
            dropped=quality.get("dropped_records"),
            problem=_problem(row),
            seconds=_seconds_between(starts[name], at) if name in starts else None,
        )
        for rule in quality.get("expectations", ()):
            key = (rule["dataset"], rule["name"])
            if not is_unchanged or key not in rules:  # several datasets read a view, some of them with new rows
                rules[key] = LastCount(rule["passed_records"], rule["failed_records"], is_unchanged)
    return LastRun(at, state, problem, datasets, rules)


def _seconds_between(start: str, end: str) -> float | None:
    try:
        times = [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (start, end)]
    except ValueError:
        return None
    return max(round((times[1] - times[0]).total_seconds(), 1), 0.0)


def _problem(row: Mapping[str, Any]) -> str | None:
    return row["error"]["exceptions"][0]["message"] if row["error"] else None
