"""What did not change is shown with its last verdict, and as unchanged: after a run, in `cbx events`, on the page."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from cbx.cli.display.run import show_result
from cbx.cli.events import _lines
from cbx.diagnostics.codes import UPSTREAM_FAILED
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.render.html.last_run import DatasetRun, LastCount, read_last_run
from cbx.runtime import DatasetResult, RunResult
from cbx.runtime.log.events import EventLog, FlowFinished, UpdateProgress
from cbx.runtime.log.last_update import last_update
from cbx.runtime.results import ExpectationMetrics

BROKEN = ExpectationMetrics("key_is_unique", "orders_key", "warn", 7, 2, "num_entries = 1")
DROPPED = ExpectationMetrics("has_id", "orders", "drop", 7, 2, "id IS NOT NULL")
FINE = ExpectationMetrics("key_is_unique", "people_key", "warn", 3, 0, "num_entries = 1")
ORDERS = DatasetResult("orders", "streaming", "unchanged", rows_dropped=2, expectations=(DROPPED,))
ORDERS_KEY = DatasetResult("orders_key", "batch", "unchanged", expectations=(BROKEN,))
PEOPLE_KEY = DatasetResult("people_key", "batch", "completed", rows_written=3, expectations=(FINE,))


def test_the_end_of_a_run_tells_broken_checks_that_did_not_change() -> None:
    """They are counted with the others that do not hold, and marked."""
    text = StringIO()
    result = RunResult((ORDERS, ORDERS_KEY, PEOPLE_KEY), (), 1.0)
    show_result(Console(file=text, width=200), result, ".cbx/", frozenset({"orders_key", "people_key"}))
    lines = [" ".join(line.split()) for line in text.getvalue().splitlines()]

    assert "orders streaming table unchanged" in lines
    assert "dropped has_id 2" in lines
    assert "checks on the data: 1 passed, 1 failed (1 unchanged)" in lines
    assert "orders_key 2 of 9 keys are not unique unchanged" in lines


def test_checks_that_were_skipped_keep_their_verdict_too(tmp_path: Path) -> None:
    """What they read failed, so its rows are as they were, and as broken."""
    text = StringIO()
    skipped = replace(ORDERS_KEY, status="skipped", diagnostic=Diagnostic(UPSTREAM_FAILED, "its input `orders` failed"))
    show_result(Console(file=text, width=200), RunResult((skipped,), (), 1.0), ".cbx/", frozenset({"orders_key"}))
    log = EventLog(tmp_path, lambda _: None)
    log(FlowFinished(skipped))
    rows = last_update(tmp_path)
    run = read_last_run(rows)

    assert "0 passed, 1 not refreshed" in text.getvalue()
    assert "orders_key    2 of 9 keys are not unique  unchanged" in text.getvalue()
    assert [line.cells[:5] for line in _lines(rows[0], {})] == [
        ("orders_key", "skipped", "", "", ""),
        ("  key_is_unique", "", "", "7", "2"),
    ]
    assert run.datasets["orders_key"].status == "skipped"
    assert run.rules["orders_key", "key_is_unique"] == LastCount(7, 2, is_unchanged=True)


def test_the_log_keeps_their_counts(tmp_path: Path) -> None:
    """Also for a view that several tables read, of which only one has news."""
    view = ExpectationMetrics("is_even", "numbers", "warn", 4, 1, "n % 2 = 0")
    fresh = ExpectationMetrics("is_even", "numbers", "warn", 6, 0, "n % 2 = 0")
    log = EventLog(tmp_path, lambda _: None)
    log(FlowFinished(DatasetResult("new", "batch", "completed", rows_written=6, expectations=(fresh,))))
    for result in (ORDERS, ORDERS_KEY, DatasetResult("old", "batch", "unchanged", expectations=(view,))):
        log(FlowFinished(result))
    log(UpdateProgress("COMPLETED", "Update is COMPLETED."))
    rows = last_update(tmp_path)
    run = read_last_run(rows)

    assert [line.cells for row in rows for line in _lines(row, {})][2:6] == [
        ("orders", "unchanged", "", "", "", "0", "2"),
        ("  has_id", "", "", "7", "2", "", ""),
        ("orders_key", "unchanged", "", "", "", "0", "0"),
        ("  key_is_unique", "", "", "7", "2", "", ""),
    ]
    assert run.datasets["orders"] == DatasetRun("unchanged", 0, 2, None)
    assert run.rules == {
        ("numbers", "is_even"): LastCount(6, 0),
        ("orders", "has_id"): LastCount(7, 2, is_unchanged=True),
        ("orders_key", "key_is_unique"): LastCount(7, 2, is_unchanged=True),
    }


def test_half_a_line_does_not_take_the_next_event_with_it(tmp_path: Path) -> None:
    """A kill leaves half a line; the events of the next update are all there."""
    EventLog(tmp_path, lambda _: None)(UpdateProgress("RUNNING", "Update is RUNNING."))
    path = tmp_path / "events.jsonl"
    path.write_text(path.read_text()[:-20])
    EventLog(tmp_path, lambda _: None)(UpdateProgress("COMPLETED", "Update is COMPLETED."))

    assert [row["message"] for row in last_update(tmp_path)] == ["Update is COMPLETED."]
