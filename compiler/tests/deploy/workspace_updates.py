"""Updates of the workspace's pipelines: they walk the documented states and leave an event log of the real shape.

An update runs what was uploaded: it reads the names of tables and expectations from the notebooks that the pipeline
names, and fails where one of them is missing.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workspace_api import WorkspaceApi

_STATES = ("QUEUED", "CREATED", "WAITING_FOR_RESOURCES", "INITIALIZING", "SETTING_UP_TABLES", "RUNNING", "COMPLETED")
_RULE = re.compile(r"""@(?:dlt|dp)\.expect(?:_or_drop|_or_fail)?\(\s*["'](\w+)["']""")
_TABLE = re.compile(r"""(?:\.table|\.materialized_view|create_streaming_table)\(\s*name=["']([\w.]+)["']""")


class Updates:
    """All updates; asking for one takes it a state further, as time does."""

    FINAL = ("COMPLETED", "FAILED", "CANCELED")

    def __init__(self, api: WorkspaceApi) -> None:
        self._api = api
        self._updates: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, list[str]] = {}
        self._events: list[dict[str, Any]] = []
        self.states = _STATES
        """The states of an update, one per question; a client that really waits for its end may find fewer."""
        self.failing: dict[str, str] = {}
        """What goes wrong in an update: the message of the exception, by table."""
        self.broken: dict[str, int] = {}
        """How many of a table's ten rows break each of its rules."""

    def start(self, pipeline: str, body: dict[str, Any]) -> str:
        update = self._api.new_id()
        states = list(self.states)
        if body.get("full_refresh") or body.get("full_refresh_selection"):
            states.insert(4, "RESETTING")
        self._updates[update] = {
            "update_id": update,
            "pipeline_id": pipeline,
            "state": states.pop(0),
            "cause": "API_CALL",
            "creation_time": self._api.now(),
            **body,
        }
        self._waiting[update] = states
        self._event(update, "create_update", f"User started update {update[:6]}.", {"create_update": {}})
        return update

    def active(self, pipeline: str) -> str | None:
        return next(
            (update["update_id"] for update in self.latest(pipeline) if update["state"] not in self.FINAL), None
        )

    def latest(self, pipeline: str) -> list[dict[str, Any]]:
        own = [update for update in self._updates.values() if update["pipeline_id"] == pipeline]
        newest = sorted(own, key=lambda update: -update["creation_time"])
        return [{"update_id": update["update_id"], "state": update["state"]} for update in newest]

    def stop(self, pipeline: str) -> None:
        update = self.active(pipeline)
        if update is not None:
            self._waiting[update] = ["STOPPING", "CANCELED"]

    def poll(self, update: str) -> dict[str, Any] | None:
        found = self._updates.get(update)
        if found is None:
            return None
        if self._waiting[update]:
            found["state"] = self._waiting[update].pop(0)
            if found["state"] == "COMPLETED" and self._run(update):
                found["state"] = "FAILED"
            progress = {"update_progress": {"state": found["state"]}}
            level = "ERROR" if found["state"] == "FAILED" else "INFO"
            self._event(update, "update_progress", f"Update {update[:6]} is {found['state']}.", progress, level)
        return dict(found)

    def page(self, pipeline: str, begin: int, size: int) -> dict[str, Any]:
        own = [event for event in reversed(self._events) if event["origin"]["pipeline_id"] == pipeline]
        page: dict[str, Any] = {"events": own[begin : begin + size]}
        if begin + size < len(own):
            page["next_page_token"] = str(begin + size)
        return page

    def _run(self, update: str) -> bool:
        """Run the tables of the pipeline; whether any failed."""
        spec = self._api.pipelines[self._updates[update]["pipeline_id"]]["spec"]
        failed = False
        for library in spec["libraries"]:
            path = (
                library["notebook"]["path"] if "notebook" in library else library["glob"]["include"].removesuffix("/**")
            )
            sources = [stored.content.decode() for _, stored in self._api.under(path) if stored.kind != "DIRECTORY"]
            if not sources:
                failed = True
                self._failure(update, "update_progress", f"Notebook not found: {path}", {}, "")
            for source in sources:
                failed |= self._run_source(update, source)
        return failed

    def _run_source(self, update: str, source: str) -> bool:
        found = list(_TABLE.finditer(source))
        ends = [match.start() for match in found[1:]] + [len(source)]
        for match, end in zip(found, ends, strict=True):
            table, rules = match[1], _RULE.findall(source[match.start() : end])
            for status in ("QUEUED", "STARTING", "RUNNING"):
                self._flow(update, table, status, {})
            if table in self.failing:
                progress = {"flow_progress": {"status": "FAILED"}}
                self._failure(update, "flow_progress", f"Flow '{table}' has FAILED fatally.", progress, table)
                return True
            catalog = self._api.pipelines[self._updates[update]["pipeline_id"]]["spec"].get("catalog")
            self._api.tables.add(f"{catalog}.{table}")
            for rows in (4, 6):  # a flow tells of its progress more than once
                broken = self.broken.get(table, 0) if rows == 6 else 0
                quality = {
                    "dropped_records": 0,
                    "expectations": [
                        {"name": name, "dataset": table, "passed_records": rows - broken, "failed_records": broken}
                        for name in rules
                    ],
                }
                progress = {"metrics": {"num_output_rows": rows}, "data_quality": quality}
                self._flow(update, table, "RUNNING" if rows == 4 else "COMPLETED", progress)
        return False

    def _flow(self, update: str, table: str, status: str, more: dict[str, Any]) -> None:
        details = {"flow_progress": {"status": status, **more}}
        self._event(update, "flow_progress", f"Flow '{table}' is {status}.", details, flow=table)

    def _failure(self, update: str, kind: str, message: str, details: dict[str, Any], table: str) -> None:
        said = self.failing.get(table, message)
        error = {"fatal": True, "exceptions": [{"class_name": "org.apache.spark.SparkException", "message": said}]}
        self._event(update, kind, message, details, "ERROR", flow=table, error=error)

    def _event(
        self,
        update: str,
        kind: str,
        message: str,
        details: dict[str, Any],
        level: str = "INFO",
        *,
        flow: str = "",
        error: dict[str, Any] | None = None,
    ) -> None:
        pipeline = self._updates[update]["pipeline_id"]
        origin = {"pipeline_id": pipeline, "pipeline_name": self._api.pipelines[pipeline]["name"], "update_id": update}
        moment = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=len(self._events))
        self._events.append(
            {
                "id": self._api.new_id(),
                "sequence": {"data_plane_id": {"seq_no": len(self._events)}},
                "origin": origin | ({"flow_name": flow, "dataset_name": flow} if flow else {}),
                "timestamp": moment.isoformat().replace("+00:00", "Z"),
                "message": message,
                "level": level,
                "details": details,
                "event_type": kind,
                "maturity_level": "STABLE",
                **({"error": error} if error else {}),
            }
        )
