"""The head of `cbx events`, and the errors below its table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cbx.cli.events import describe_update
from compiler.tests.command import run_cbx


def make_event(details: dict[str, Any], name: str = "", error: str | None = None) -> dict[str, Any]:
    origin = {"update_id": "u1", **({"dataset_name": name} if name else {})}
    exceptions = None if error is None else {"exceptions": [{"message": error}]}
    return {"origin": origin, "timestamp": "2026-01-02T03:04:05.678Z", "details": details, "error": exceptions}


def make_update(*states: str) -> list[dict[str, Any]]:
    return [make_event({"update_progress": {"state": state}}) for state in states]


@pytest.mark.parametrize(
    ("states", "end"),
    [
        (("INITIALIZING", "RUNNING", "COMPLETED"), "completed"),
        (("INITIALIZING", "RUNNING", "FAILED"), "failed"),
        (("INITIALIZING", "RUNNING"), "not finished, or killed"),
    ],
)
def test_the_head_says_when_it_was_and_how_it_ended(
    states: tuple[str, ...], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed update has no end."""
    monkeypatch.setenv("TZ", "UTC")

    assert describe_update(make_update(*states)) == f"Update of 2026-01-02 03:04:05: {end}"


def test_what_was_only_skipped_has_no_error_of_its_own(tmp_path: Path) -> None:
    """The error of what failed is enough, and is not lost among hundreds."""
    failed = make_event({"flow_progress": {"status": "FAILED"}}, "bronze.a", "a.py:1:1: it is wrong")
    skipped = make_event({"flow_progress": {"status": "SKIPPED"}}, "gold.b", "b.sql:1:1: its input `bronze.a` failed")
    rows = [*make_update("RUNNING"), failed, skipped, *make_update("FAILED")]
    (tmp_path / "events.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    lines = run_cbx(tmp_path, "events", "--state", tmp_path).stdout.splitlines()

    assert [line.split() for line in lines[2:]] == [
        ["dataset", "status"],
        ["bronze.a", "failed"],
        ["gold.b", "skipped"],
        ["a.py:1:1:", "it", "is", "wrong"],
    ]
