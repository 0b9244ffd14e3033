"""The event log of an update: the progress of each flow, errors, and the counts of every expectation.

Events are read as JSON, because the SDK's class for them has no ``details``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cbx.deploy.workspace.session import WorkspaceSession

Event = Mapping[str, Any]
_PAGE = 100
_ROW_METRICS = ("num_output_rows", "num_upserted_rows", "num_deleted_rows")


@dataclass(frozen=True, slots=True)
class ExpectationTotal:
    """How many rows passed and failed an expectation in an update."""

    dataset: str
    name: str
    passed: int
    failed: int


def new_events(session: WorkspaceSession, pipeline_id: str, update_id: str, seen: set[str]) -> list[Event]:
    """The new events of an update, oldest first; their ids are added to ``seen``."""
    events: list[Event] = []
    token: str | None = None
    while True:
        page = _page(session, pipeline_id, token)
        fresh = [event for event in page.get("events", ()) if event["id"] not in seen]
        events += [event for event in fresh if event.get("origin", {}).get("update_id") == update_id]
        is_past = len(fresh) < len(page.get("events", ())) or any(_is_start_of(event, update_id) for event in fresh)
        token = page.get("next_page_token")
        if is_past or not token:
            break
    seen |= {str(event["id"]) for event in events}
    return sorted(events, key=lambda event: str(event.get("timestamp", "")))


def _page(session: WorkspaceSession, pipeline_id: str, token: str | None) -> Mapping[str, Any]:
    query: dict[str, Any] = {"max_results": _PAGE, "order_by": "timestamp desc"}
    if token:
        query = {"page_token": token}
    path = f"/api/2.0/pipelines/{pipeline_id}/events"
    answer = session.ask("reading the event log", lambda: session.client.api_client.do("GET", path, query=query))
    return answer if isinstance(answer, dict) else {}


def _is_start_of(event: Event, update_id: str) -> bool:
    return event.get("event_type") == "create_update" and event.get("origin", {}).get("update_id") == update_id


def flow_progress(event: Event) -> tuple[str, str, int | None] | None:
    """A flow's name, status and number of written rows; None for events of another type."""
    progress = (event.get("details") or {}).get("flow_progress")
    if not progress or "status" not in progress:
        return None
    name = event.get("origin", {}).get("flow_name") or event.get("origin", {}).get("dataset_name") or ""
    metrics = progress.get("metrics") or {}
    counts = [metrics[metric] for metric in _ROW_METRICS if metric in metrics]
    return str(name), str(progress["status"]), sum(map(int, counts)) if counts else None


def expectation_totals(events: Iterable[Event]) -> tuple[ExpectationTotal, ...]:
    """The counts of each expectation, added up over all events, as in the documentation of the event log."""
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for event in events:
        quality = ((event.get("details") or {}).get("flow_progress") or {}).get("data_quality") or {}
        for rule in quality.get("expectations") or ():
            key = str(rule.get("dataset", "")), str(rule["name"])
            passed, failed = totals.get(key, (0, 0))
            totals[key] = passed + int(rule.get("passed_records", 0)), failed + int(rule.get("failed_records", 0))
    return tuple(ExpectationTotal(*key, *counts) for key, counts in sorted(totals.items()))


def errors(events: Iterable[Event]) -> tuple[str, ...]:
    """The distinct messages of the events of level ERROR, with their exceptions."""
    messages: list[str] = []
    for event in events:
        if event.get("level") != "ERROR":
            continue
        exceptions = (event.get("error") or {}).get("exceptions") or ()
        details = [str(exception["message"]) for exception in exceptions if exception.get("message")]
        message = str(event.get("message", ""))
        messages.append(f"{message} {details[0]}" if details and details[0] not in message else message)
    return tuple(dict.fromkeys(" ".join(text.split()) for text in messages if text.strip()))
