"""``cbx`` as somebody at a terminal uses it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent
from typing import Any

from cbx.runtime.log.last_update import last_update
from compiler.tests.command import invoke_cbx


@dataclass(frozen=True)
class Answer:
    """What a command said, its exit status, and the status of each table if it ran an update."""

    status: int
    output: str
    errors: str
    statuses: dict[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> str:
        """The errors without excerpts of files: their headlines, positions and hints."""
        lines = (line.strip() for line in self.errors.splitlines())
        return "".join(f"{line}\n" for line in lines if line.startswith(("error", "-->", ":::", "= hint")))


def cbx_here(*arguments: str) -> Answer:
    """Run a command in this process, which costs no start of Spark."""
    done = invoke_cbx(*arguments)
    return Answer(done.exit_code, done.stdout, done.stderr)


@dataclass(frozen=True)
class Desk:
    """A folder with notebooks, a landing folder and the state of its runs; commands run inside it."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / ".cbx"

    def notebook(self, text: str, name: str = "notebook.py") -> Path:
        return self._write(self.folder / name, dedent(text).lstrip("\n").encode())

    def land(self, name: str, content: str | bytes) -> Path:
        return self._write(self.folder / "landing" / name, content if isinstance(content, bytes) else content.encode())

    @staticmethod
    def _write(path: Path, content: bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def run(self, *arguments: str, paths: tuple[str, ...] = ("notebook.py",)) -> Answer:
        answer = cbx_here("run", *paths, "--state", ".cbx", *arguments)
        return replace(answer, statuses=statuses(self.state) if (self.state / "events.jsonl").is_file() else {})

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """A table's rows, ordered by its columns from left to right."""
        return [tuple(row.values()) for row in rows(self.state, table)]


def rows(state: Path, table: str) -> list[dict[str, Any]]:
    """A table's rows, as ``cbx show`` prints them."""
    answer = cbx_here("show", table, "--state", str(state), "--format", "json", "--limit", "0")
    assert answer.status == 0, answer.errors
    return [json.loads(line) for line in answer.output.splitlines()]


def statuses(state: Path) -> dict[str, str]:
    """What became of each table in the last update: unchanged, or the status of its flow."""
    flows = ((row["origin"].get("dataset_name"), row["details"].get("flow_progress")) for row in last_update(state))
    ends = {name: flow for name, flow in flows if flow and flow["status"] != "RUNNING"}
    return {name: "unchanged" if flow.get("unchanged") else flow["status"].lower() for name, flow in ends.items()}


def events(state: Path) -> list[dict[str, Any]]:
    """The last update, as ``cbx events`` prints it."""
    answer = cbx_here("events", "--state", str(state), "--format", "json")
    assert answer.status == 0, answer.errors
    return [json.loads(line) for line in answer.output.splitlines()]
