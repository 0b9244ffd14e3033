"""The events of an update, for a display and for the log.

The log has the schema of the Databricks event log (the page "Pipeline event log schema").
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cbx.runtime.log.log_files import start_log_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.runtime.results import DatasetResult, RefreshDecision


@dataclass(frozen=True, slots=True)
class UpdateProgress:
    """The state of the update changed.

    Attributes:
        state: The new state.
        message: The new state as a sentence.
        diagnostics: Why the update failed.
        datasets: How many datasets and sinks the update refreshes, once that is known.
    """

    state: Literal["CREATED", "INITIALIZING", "RUNNING", "COMPLETED", "FAILED"]
    message: str
    diagnostics: tuple[Diagnostic, ...] = ()
    datasets: int | None = None


@dataclass(frozen=True, slots=True)
class FlowStarted:
    """The refresh of a dataset started."""

    dataset: str


@dataclass(frozen=True, slots=True)
class FlowFinished:
    """The refresh of a dataset ended."""

    result: DatasetResult


@dataclass(frozen=True, slots=True)
class NoteAdded:
    """A note for the user."""

    text: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class FlowPlanned:
    """It is decided how a materialized view is refreshed."""

    dataset: str
    decision: RefreshDecision


class TaskCount(NamedTuple):
    """The tasks of the stages that Spark is running: how many are done, and how many there are."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TasksKnown:
    """From now on, the tasks of an engine can be counted. This is for a display, and is not logged.

    Attributes:
        count: Counts the tasks; None if nothing is running.
    """

    count: Callable[[], TaskCount | None]


LoggedEvent = UpdateProgress | FlowStarted | FlowPlanned | FlowFinished | NoteAdded
Event = LoggedEvent | TasksKnown

_FLOW_STATUS = {
    "completed": "COMPLETED",
    "unchanged": "COMPLETED",
    "failed": "FAILED",
    "skipped": "SKIPPED",
    "excluded": "EXCLUDED",
}


class EventLog:
    """Passes events to a listener and appends them to the log of the state folder."""

    def __init__(self, state: Path, listen: Callable[[Event], None]) -> None:
        self._path = start_log_file(state)
        self._listen = listen
        self._update = str(uuid.uuid4())
        self._count = 0
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Log an event."""
        with self._lock:
            if isinstance(event, TasksKnown):
                self._listen(event)
                return
            line = json.dumps(self._row(event), ensure_ascii=False)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
            self._listen(event)

    def _row(self, event: LoggedEvent) -> dict[str, Any]:
        kind, level, message, origin, details = _describe(event)
        self._count += 1
        row: dict[str, Any] = {
            "id": f"{self._update}-{self._count}",
            "sequence": {"control_plane_seq_no": self._count},
            "origin": {"cloud": "local", "update_id": self._update, **origin},
            "timestamp": dt.datetime.now(dt.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "message": message,
            "level": level,
            "error": None,
            "details": details,
            "event_type": kind,
            "maturity_level": "STABLE",
        }
        diagnostic = _diagnostic(event)
        if diagnostic is not None:
            exception = {"class_name": "", "message": diagnostic_text(diagnostic), "code": diagnostic.code.id}
            row["error"] = {"exceptions": [exception], "fatal": False}
        return row


def _describe(event: LoggedEvent) -> tuple[str, str, str, dict[str, Any], dict[str, Any]]:
    """An event's type, level, message, origin and details."""
    if isinstance(event, UpdateProgress):
        level = "ERROR" if event.state == "FAILED" else "INFO"
        return "update_progress", level, event.message, {}, {"update_progress": {"state": event.state}}
    if isinstance(event, FlowStarted):
        origin = {"dataset_name": event.dataset, "flow_name": event.dataset}
        details = {"flow_progress": {"status": "RUNNING"}}
        return "flow_progress", "INFO", f"Flow '{event.dataset}' is RUNNING.", origin, details
    if isinstance(event, NoteAdded):
        where = {"source_code_location": event.place} if event.place else {}
        return "hint", "WARN", event.text, where, {}
    if isinstance(event, FlowPlanned):
        return _describe_plan(event)
    result = event.result
    status = _FLOW_STATUS[result.status]
    origin = {"dataset_name": result.name, "flow_name": result.name}
    progress: dict[str, Any] = {"status": status}
    has_last_results = result.status == "unchanged" or (result.status == "skipped" and result.expectations)
    if has_last_results:
        progress["unchanged"] = True  # the data quality of the last update that had rows
    if result.status == "completed" or has_last_results:
        progress["metrics"] = _metrics(result)
        progress["data_quality"] = _data_quality(result)
    if result.refresh is not None and result.refresh.is_incremental:
        progress["incremental"] = True  # the data quality of the whole table
    level = {"FAILED": "ERROR", "SKIPPED": "WARN"}.get(status, "INFO")
    message = f"Flow '{result.name}' has {status}{', unchanged' if result.status == 'unchanged' else ''}."
    return "flow_progress", level, message, origin, {"flow_progress": progress}


def _describe_plan(event: FlowPlanned) -> tuple[str, str, str, dict[str, Any], dict[str, Any]]:
    """The event with how a materialized view is refreshed, as `_describe` returns it."""
    decision = event.decision
    origin = {"dataset_name": event.dataset, "flow_name": event.dataset}
    chosen: dict[str, Any] = {
        "maintenance_type": f"MAINTENANCE_TYPE_{decision.technique}",
        "is_chosen": True,
        "is_applicable": True,
    }
    issue = {"issue_type": decision.issue, "prevent_incrementalization": True, "reason": decision.reason}
    techniques = [*([{"incrementalization_issues": [issue]}] if decision.issue else []), chosen]
    message = f"Flow '{event.dataset}' has been planned to be executed as {decision.technique}"
    message += f": {decision.reason}." if decision.reason else "."
    details = {"planning_information": {"technique_information": techniques}}
    return "planning_information", "INFO", message, origin, details


def _metrics(result: DatasetResult) -> dict[str, int]:
    if result.kind.startswith("scd"):
        return {"num_upserted_rows": result.rows_written, "num_deleted_rows": result.rows_deleted}
    return {"num_output_rows": result.rows_written}


def _data_quality(result: DatasetResult) -> dict[str, Any]:
    return {
        "dropped_records": result.rows_dropped,
        "expectations": [
            {
                "name": rule.name,
                "dataset": rule.dataset,
                "passed_records": rule.passed,
                "failed_records": rule.failed,
            }
            for rule in result.expectations
        ],
    }


def _diagnostic(event: LoggedEvent) -> Diagnostic | None:
    if isinstance(event, FlowFinished):
        return event.result.diagnostic
    if isinstance(event, UpdateProgress) and event.diagnostics:
        return event.diagnostics[0]
    return None


def diagnostic_text(diagnostic: Diagnostic) -> str:
    """A diagnostic as one text: the position, the message, related positions and the hint."""
    start = f"{diagnostic.span}: " if diagnostic.span else ""
    related = (f"\n  {other.message}: {other.span}" for other in diagnostic.related)
    hint = f"\n  hint: {diagnostic.hint}" if diagnostic.hint else ""
    return f"{start}{diagnostic.message}{''.join(related)}{hint}"
