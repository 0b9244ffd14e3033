"""Reads an event log that was exported from a workspace, as the log of a state folder has it.

The event log of a workspace has several events for each flow: each counts the rows since the one before, so counts are
added up, as in the queries of Databricks' documentation. An export is a file of JSON lines, or a JSON document: a list
of events, an answer of the pipelines API (``events``), or an answer of the SQL API (``data_array``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from cbx.files.bounded_read import read_regular
from cbx.runtime.errors import CannotRunError

if TYPE_CHECKING:
    from pathlib import Path

_UNDER_WAY = frozenset({"QUEUED", "STARTING", "PLANNING", "RUNNING"})
_WORST_LAST = ("COMPLETED", "EXCLUDED", "IDLE", "STOPPED", "RUNNING", "SKIPPED", "FAILED")
_EXPORT = "export the rows of `event_log(...)` with all columns, as JSON lines or one JSON document"

Row = Mapping[str, Any]


def read_exported_log(path: Path, most: int, names: Collection[str] = ()) -> list[list[dict[str, Any]]]:
    """The events of the last updates in the shape of the local log, oldest first: one result for each dataset.

    Args:
        path: The exported file.
        most: The largest number of updates.
        names: The datasets of the project; a dataset of the log with more parts, such as a catalog, gets such a name.

    Raises:
        CannotRunError: If the file cannot be read, has no events of an update, or has several pipelines.
    """
    updates: dict[str, _ExportedUpdate] = {}
    pipelines: set[str] = set()
    try:
        document = _read_document(path)
        for row in sorted(filter(None, map(_parse_row, _rows(document))), key=lambda row: row["timestamp"]):
            origin = row["origin"]
            pipelines.add(str(origin.get("pipeline_name") or origin.get("pipeline_id") or ""))
            update = updates.setdefault(
                str(origin["update_id"]), _ExportedUpdate(str(origin["update_id"]), row["timestamp"])
            )
            update.add(row, names)
    except OSError as error:
        raise CannotRunError(f"{path} cannot be read: {error.strerror}", hint="check the path") from None
    except (ValueError, RecursionError):
        raise CannotRunError(f"{path} is not JSON", hint=_EXPORT) from None
    if not updates:
        raise CannotRunError(f"{path} has no events of an update", hint=_EXPORT)
    if len(pipelines) > 1:
        listed = ", ".join(f"`{name}`" for name in sorted(pipelines))
        raise CannotRunError(f"{path} has events of several pipelines: {listed}", hint="export one of them")
    if _is_part(document):
        raise CannotRunError(f"{path} has only a part of the rows", hint="export all rows, or those of fewer days")
    return [list(update.rows()) for update in list(updates.values())[-most:]]


def _read_document(path: Path) -> Any:
    """The JSON document of the file, or the list of its lines."""
    text = read_regular(path).decode("utf-8-sig")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
        return [json.loads(line) for line in text.split("\n") if line.strip()]


def _is_part(document: Any) -> bool:
    """Whether an answer is the first of several: counts of its first or last update would be too small."""
    if not isinstance(document, dict):
        return False
    manifest = _member(document, "manifest")
    return bool(
        document.get("next_page_token")
        or manifest.get("truncated")
        or (_count(manifest.get("total_chunk_count")) or 0) > 1
    )


def _rows(document: Any) -> Iterator[Any]:
    """The rows of a document, as they are written."""
    if not isinstance(document, dict):
        yield from document if isinstance(document, list) else ()
    elif isinstance(document.get("events"), list):
        yield from document["events"]
    elif "manifest" in document:
        yield from _rows_of_answer(document)
    else:
        yield document


def _rows_of_answer(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of an answer of the SQL API, whose columns are named in its manifest."""
    try:
        names = [str(column["name"]) for column in answer["manifest"]["schema"]["columns"]]
        rows = list(answer["result"]["data_array"])
    except (LookupError, TypeError):
        return
    yield from (dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list))


def _parse_row(row: Any) -> dict[str, Any] | None:
    """An event with its columns as values; None if it does not belong to an update or has no details."""
    if not isinstance(row, dict):
        return None
    origin, details, error = (_parse_value(row.get(name)) for name in ("origin", "details", "error"))
    at = _parse_time(row.get("timestamp"))
    if not isinstance(origin, dict) or not isinstance(details, dict) or at is None or not origin.get("update_id"):
        return None
    return {"timestamp": at, "origin": origin, "details": details, "error": error if isinstance(error, dict) else None}


def _parse_value(value: Any) -> Any:
    """A column that is JSON in a text in some exports, and a value in others."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def _parse_time(value: Any) -> datetime | None:
    """A time in ISO 8601, or in milliseconds since 1970; UTC if it has no zone."""
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value / 1000, timezone.utc)
        at = datetime.fromisoformat(_with_microseconds(str(value).replace("Z", "+00:00")))
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


def _with_microseconds(text: str) -> str:
    """A time with six digits after the second, which Python 3.10 needs."""
    start, point, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{start}.{rest[:digits][:6]:0<6}{rest[digits:]}" if point else text


@dataclass
class _ExportedDataset:
    """What the events of an update say of a dataset; ``flows`` has the last status of each of its flows."""

    started: datetime
    at: datetime
    flows: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, int] = field(default_factory=dict)
    dropped: int | None = None
    rules: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    is_unchanged: bool = False

    @property
    def status(self) -> str:
        """The worst of its flows."""
        known = [status if status in _WORST_LAST else "RUNNING" for status in self.flows.values()]
        return max(known, key=_WORST_LAST.index)


class _ExportedUpdate:
    """The events of an update, added up."""

    def __init__(self, name: str, at: datetime) -> None:
        self._name = name
        self._at = at
        self._state: str | None = None
        self._error: dict[str, Any] | None = None
        self._datasets: dict[str, _ExportedDataset] = {}

    def add(self, row: Row, names: Collection[str]) -> None:
        """Add an event; those before it are earlier."""
        self._at = row["timestamp"]
        state = _member(row["details"], "update_progress").get("state")
        if state is not None:
            self._state, self._error = str(state).upper(), row["error"]
        progress = _member(row["details"], "flow_progress")
        flow = row["origin"].get("flow_name") or row["origin"].get("dataset_name")
        if not progress.get("status") or not flow:
            return
        name = _local_name(str(row["origin"].get("dataset_name") or flow), names)
        dataset = self._datasets.setdefault(name, _ExportedDataset(row["timestamp"], row["timestamp"]))
        dataset.at = row["timestamp"]
        dataset.flows[str(flow)] = str(progress["status"]).upper()
        dataset.error = row["error"] or dataset.error
        dataset.is_unchanged = progress.get("unchanged") is True  # the log of `cbx run` has it
        for metric, value in _member(progress, "metrics").items():
            if metric in {"num_output_rows", "num_upserted_rows"} and (count := _count(value)) is not None:
                dataset.metrics[metric] = dataset.metrics.get(metric, 0) + count
        quality = _member(progress, "data_quality")
        if (dropped := _count(quality.get("dropped_records"))) is not None:
            dataset.dropped = (dataset.dropped or 0) + dropped
        for rule in _members(quality.get("expectations")):
            place = _local_name(str(rule.get("dataset") or name), names), str(rule.get("name"))
            counts = dataset.rules.setdefault(place, [0, 0])
            for at, key in enumerate(("passed_records", "failed_records")):
                counts[at] += _count(rule.get(key)) or 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """The events as `cbx.runtime.log.events` writes them."""
        for name, dataset in self._datasets.items():
            quality: dict[str, Any] = {
                "expectations": [_rule(*place, *counts) for place, counts in dataset.rules.items()]
            }
            if dataset.dropped is not None:
                quality["dropped_records"] = dataset.dropped
            end: dict[str, Any] = {"status": dataset.status, "metrics": dataset.metrics, "data_quality": quality}
            if dataset.is_unchanged:
                end["unchanged"] = True
            is_failed = dataset.status == "FAILED"
            if dataset.status not in _UNDER_WAY:
                yield self._row(dataset.started, {"flow_progress": {"status": "RUNNING"}}, None, name)
            yield self._row(dataset.at, {"flow_progress": end}, dataset.error if is_failed else None, name)
        yield self._row(self._at, {"update_progress": {"state": self._state or self._state_of_datasets()}}, self._error)

    def _state_of_datasets(self) -> str:
        """The state of an update of which the export has only the events of flows."""
        statuses = {dataset.status for dataset in self._datasets.values()}
        return "FAILED" if "FAILED" in statuses else "RUNNING" if statuses & _UNDER_WAY else "COMPLETED"

    def _row(
        self, at: datetime, details: dict[str, Any], error: dict[str, Any] | None, dataset: str | None = None
    ) -> dict[str, Any]:
        return {
            "origin": {"update_id": self._name, **({"dataset_name": dataset} if dataset is not None else {})},
            "timestamp": at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "details": details,
            "error": _with_message(error),
        }


def _member(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    member = value.get(name)
    return member if isinstance(member, dict) else {}


def _members(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _count(value: Any) -> int | None:
    """A number of rows, which some exports have as a text."""
    try:
        count = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return count if count >= 0 else None


def _local_name(name: str, names: Iterable[str]) -> str:
    """The name without the catalog, and without the schema, as the project has it."""
    parts = name.replace("`", "").split(".")
    endings = (".".join(parts[start:]) for start in range(len(parts)))
    return next((ending for ending in endings if ending in names), name)


def _rule(dataset: str, name: str, passed: int, failed: int) -> dict[str, Any]:
    return {"name": name, "dataset": dataset, "passed_records": passed, "failed_records": failed}


def _with_message(error: dict[str, Any] | None) -> dict[str, Any] | None:
    """The error with at least one exception, whose message readers show."""
    if error is None:
        return None
    exceptions = [each for each in _members(error.get("exceptions")) if each.get("message")]
    return {"exceptions": exceptions or [{"message": "the event log has no message"}]}
