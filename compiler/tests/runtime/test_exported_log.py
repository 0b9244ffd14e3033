"""Event logs that were exported from a workspace become what the log of a state folder would have."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cbx.render.html.last_run import DatasetRun, LastCount, LastRun, read_last_run
from cbx.runtime.errors import CannotRunError
from cbx.runtime.log.events import EventLog, FlowFinished, FlowStarted, UpdateProgress
from cbx.runtime.log.exported_log import read_exported_log
from cbx.runtime.log.last_update import last_update
from cbx.runtime.results import DatasetResult, ExpectationMetrics

NAMES = {"silver.orders", "gold.sales", "silver_orders_key"}
COLUMNS = ("id", "sequence", "origin", "timestamp", "message", "level", "error", "details", "event_type")


def event(
    update: str, second: float, dataset: str, status: str, progress: dict[str, Any] | None = None, **rest: Any
) -> dict[str, Any]:
    """An event of a flow as the event log of a workspace has it."""
    origin = {"pipeline_name": "shop", "update_id": update, "dataset_name": dataset, "flow_name": dataset}
    return {
        "id": f"{update}-{second}",
        "sequence": {"control_plane_seq_no": 1},
        "origin": {**origin, **rest.pop("origin", {})},
        "timestamp": f"2026-03-01T02:00:{second:06.3f}Z",
        "message": "",
        "level": "METRICS",
        "error": None,
        "details": {"flow_progress": {"status": status, **(progress or {})}},
        "event_type": "flow_progress",
        **rest,
    }


def rows_and_rule(rows: int, dropped: int, passed: int, failed: int, dataset: str) -> dict[str, Any]:
    rule = {"name": "has_customer", "dataset": dataset, "passed_records": passed, "failed_records": failed}
    return {"metrics": {"num_output_rows": rows}, "data_quality": {"dropped_records": dropped, "expectations": [rule]}}


def state(update: str, second: float, word: str, error: dict[str, Any] | None = None) -> dict[str, Any]:
    base = event(update, second, "", "")
    origin = {"pipeline_name": "shop", "update_id": update}
    return {**base, "origin": origin, "details": {"update_progress": {"state": word}}, "error": error}


ORDERS, SALES = "main.silver.orders", "`main`.`gold`.`sales`"
FULL_DISK = {"exceptions": [{"class_name": "java.io.IOException", "message": "the disk is full"}], "fatal": True}
EVENTS = [
    state("u1", 1, "CREATED"),
    event("u1", 2, ORDERS, "STARTING"),
    event("u1", 4, ORDERS, "RUNNING", rows_and_rule(10, 1, 9, 2, ORDERS)),
    event("u1", 6, ORDERS, "COMPLETED", rows_and_rule(5, 0, 5, 1, ORDERS)),
    state("u1", 7, "COMPLETED"),
    event("u2", 20, ORDERS, "RUNNING"),
    event("u2", 21.5, ORDERS, "COMPLETED", {"metrics": {"num_output_rows": 3}}),
    event("u2", 22, SALES, "RUNNING"),
    event("u2", 23, SALES, "FAILED", error=FULL_DISK),
    event("u2", 23.5, "main.silver.silver_orders_key", "SKIPPED"),
    state("u2", 24, "FAILED", FULL_DISK),
]
RUNS = [
    LastRun(
        at="2026-03-01T02:00:07.000Z",
        state="completed",
        datasets={"silver.orders": DatasetRun("completed", 15, 1, None, 4.0)},
        rules={("silver.orders", "has_customer"): LastCount(14, 3)},
    ),
    LastRun(
        at="2026-03-01T02:00:24.000Z",
        state="failed",
        problem="the disk is full",
        datasets={
            "silver.orders": DatasetRun("completed", 3, None, None, 1.5),
            "gold.sales": DatasetRun("failed", None, None, "the disk is full", 1.0),
            "silver_orders_key": DatasetRun("skipped", None, None, None, 0.0),
        },
    ),
]


def as_texts(row: dict[str, Any]) -> dict[str, Any]:
    """As `event_log(...)` returns it: JSON columns are texts."""
    return {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}


def without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    """As Spark writes JSON."""
    return {name: value for name, value in row.items() if value is not None}


def answer_of_sql(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    columns = [{"name": name, "position": at} for at, name in enumerate(COLUMNS)]
    data = [[as_texts(row)[name] for name in COLUMNS] for row in rows]
    return {"statement_id": "1", "manifest": {"schema": {"columns": columns}}, "result": {"data_array": data}}


FORMS: dict[str, Callable[[], str]] = {
    "lines": lambda: "\n".join(json.dumps(row) for row in EVENTS) + "\n",
    "lines with other separators in texts": lambda: "\r\n".join(
        json.dumps({**row, "message": "a\u2028b\x85"}, ensure_ascii=False) for row in EVENTS
    ),
    "lines of texts": lambda: "\n".join(json.dumps(as_texts(without_nulls(row))) for row in EVENTS),
    "list": lambda: json.dumps(EVENTS, indent=2),
    "pipelines API, latest first": lambda: json.dumps({"events": EVENTS[::-1]}),
    "SQL API": lambda: json.dumps(answer_of_sql(EVENTS)),
    "list with a byte order mark": lambda: "\ufeff" + json.dumps([as_texts(row) for row in EVENTS]),
}


def read(folder: Path, text: str, most: int = 20) -> list[LastRun]:
    path = folder / "events.json"
    path.write_text(text, encoding="utf-8")
    return [read_last_run(rows) for rows in read_exported_log(path, most, NAMES)]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_export_gives_the_same(tmp_path: Path, form: str) -> None:
    """Rows of several events are added up; the names are those of the project."""
    runs = read(tmp_path, FORMS[form]())

    assert runs == RUNS
    assert [dataset.seconds for run in runs for dataset in run.datasets.values()] == [4.0, 1.5, 1.0, 0.0]


def test_the_log_of_a_state_folder_can_be_read_like_an_export(tmp_path: Path) -> None:
    """Also what is unchanged in an update."""
    path = tmp_path / "events.jsonl"
    log = EventLog(tmp_path, lambda _: None)
    rules = (ExpectationMetrics("has_id", "gold.sales", "warn", 3, 1),)
    for result in (
        DatasetResult("silver.orders", "streaming", "completed", rows_written=5, rows_dropped=1),
        DatasetResult("gold.sales", "batch", "unchanged", rows_dropped=2, expectations=rules),
        DatasetResult("gold.days", "batch", "skipped"),
    ):
        log(FlowStarted(result.name))
        log(FlowFinished(result))
    log(UpdateProgress("FAILED", "Update is FAILED."))

    assert [read_last_run(rows) for rows in read_exported_log(path, 20, NAMES)] == [
        read_last_run(last_update(tmp_path))
    ]


def test_only_the_last_updates_are_read(tmp_path: Path) -> None:
    """As of a state folder."""
    assert read(tmp_path, json.dumps(EVENTS), most=1) == RUNS[1:]


def test_the_worst_flow_of_a_table_is_its_status_and_a_second_try_counts(tmp_path: Path) -> None:
    """A flow that failed first and completed then is complete."""
    backfill = {"flow_name": "main.silver.backfill"}
    events = [
        event("u", 1, ORDERS, "FAILED", error=FULL_DISK),
        event("u", 2, ORDERS, "COMPLETED", {"metrics": {"num_output_rows": 2}}),
        event("u", 3, ORDERS, "FAILED", origin=backfill, error=FULL_DISK),
        event("u", 4, SALES, "FAILED"),
        event("u", 5, SALES, "COMPLETED"),
    ]
    (run,) = read(tmp_path, json.dumps(events))

    assert {name: dataset.status for name, dataset in run.datasets.items()} == {
        "silver.orders": "failed",
        "gold.sales": "completed",
    }
    assert (run.state, run.datasets["silver.orders"].written) == ("failed", 2)


def test_an_update_that_goes_on_has_counts_so_far(tmp_path: Path) -> None:
    """As in a continuous pipeline."""
    (run,) = read(tmp_path, json.dumps([event("u", 1, ORDERS, "RUNNING", rows_and_rule(4, 0, 4, 0, ORDERS))]))

    assert (run.state, run.datasets["silver.orders"]) == ("running", DatasetRun("running", 4, 0, None, None))


def test_a_name_that_the_project_does_not_have_stays(tmp_path: Path) -> None:
    """Nothing is guessed."""
    (run,) = read(tmp_path, json.dumps([event("u", 1, "main.silver.others", "COMPLETED")]))

    assert list(run.datasets) == ["main.silver.others"]


OTHER = event("u3", 30, ORDERS, "COMPLETED", origin={"pipeline_name": "billing"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("id,origin\n1,2\n", "is not JSON"),
        ('{"a": 1}\n{"b"\n', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "has no events of an update"),
        ('{"nothing": 1}', "has no events of an update"),
        (json.dumps({"events": EVENTS, "next_page_token": "x"}), "has only a part of the rows"),
        (json.dumps([*EVENTS, OTHER]), "has events of several pipelines: `billing`, `shop`"),
    ],
)
def test_what_is_not_an_event_log_is_an_error(tmp_path: Path, text: str, reason: str) -> None:
    """With the file and a way out."""
    with pytest.raises(CannotRunError, match=reason) as caught:
        read(tmp_path, text)

    assert caught.value.diagnostic.hint is not None


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """With the reason of the system."""
    with pytest.raises(CannotRunError, match="No such file"):
        read_exported_log(tmp_path / "none.json", 20)


ODD: tuple[Any, ...] = (
    None,
    0,
    -1,
    1e308,
    float("inf"),
    float("nan"),
    10**30,
    True,
    "",
    "{",
    "{}",
    "x",
    [],
    [1],
    {},
    {"a": []},
)


def spoil(value: Any, chance: Random) -> Any:
    """The same value with some of its parts replaced."""
    if chance.random() < 0.06:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {name: spoil(part, chance) for name, part in value.items() if chance.random() > 0.03}
    return [spoil(part, chance) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(10))
def test_odd_values_are_left_out(tmp_path: Path, seed: int) -> None:
    """Whatever a file has in place of an event, it is read, or reported as above."""
    chance = Random(seed)
    for _ in range(100):
        document = chance.choice([EVENTS, {"events": EVENTS}, answer_of_sql(EVENTS)])
        try:
            runs = read(tmp_path, json.dumps(spoil(document, chance)))
        except CannotRunError:
            continue

        assert all(dataset.written is None or dataset.written >= 0 for run in runs for dataset in run.datasets.values())
