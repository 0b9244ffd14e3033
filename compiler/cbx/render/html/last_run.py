"""What the last ``cbx run`` did, from the rows of its log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LastCount:
    """How many rows met a rule, and how many did not; whether that was counted by an earlier run."""

    passed: int
    failed: int
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class DatasetRun:
    """How a dataset fared: its status in lower case or ``unchanged``, rows, and why it failed or was skipped."""

    status: str
    written: int | None
    dropped: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """One update.

    Attributes:
        at: When its last event was written, ISO 8601.
        state: How far it came, in lower case: ``completed``, ``failed``, or where it was cut off.
        problem: Why it failed as a whole; None if it did not.
        datasets: How each dataset fared.
        rules: The counts of each rule, by the dataset that declares it and the rule's name.
    """

    at: str
    state: str = ""
    problem: str | None = None
    datasets: Mapping[str, DatasetRun] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], LastCount] = field(default_factory=dict)


def read_last_run(rows: Iterable[Mapping[str, Any]]) -> LastRun:
    """The rows of one update in the shape of the Databricks event log, oldest first.

    Args:
        rows: As `cbx.runtime.log.last_update.last_update` gives them.
    """
    at, state, problem, datasets = "", "", None, {}
    rules: dict[tuple[str, str], LastCount] = {}
    for row in rows:
        at = row["timestamp"]
        if "update_progress" in row["details"]:
            state = row["details"]["update_progress"]["state"].lower()
            problem = _problem(row)
        progress = row["details"].get("flow_progress")
        if progress is None or progress["status"] == "RUNNING":
            continue
        metrics, quality = progress.get("metrics", {}), progress.get("data_quality", {})
        is_unchanged = bool(progress.get("unchanged"))
        datasets[row["origin"]["dataset_name"]] = DatasetRun(
            status="unchanged" if is_unchanged and progress["status"] == "COMPLETED" else progress["status"].lower(),
            written=metrics.get("num_output_rows", metrics.get("num_upserted_rows")),
            dropped=quality.get("dropped_records"),
            problem=_problem(row),
        )
        for rule in quality.get("expectations", ()):
            key = (rule["dataset"], rule["name"])
            if not is_unchanged or key not in rules:  # a view is read by several datasets, of which some have new rows
                rules[key] = LastCount(rule["passed_records"], rule["failed_records"], is_unchanged)
    return LastRun(at, state, problem, datasets, rules)


def _problem(row: Mapping[str, Any]) -> str | None:
    return row["error"]["exceptions"][0]["message"] if row["error"] else None
