"""The example project of a payment service over four days, against rows that were written out by hand."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from compiler.tests.command import run_cbx
from compiler.tests.foreign.terminal import cbx_here

HERE = Path(__file__).parent
PROJECT = HERE.parents[2] / "examples" / "payments"
DAYS = (1, 2, 3, 4)
SENT, FAILED = "Sent", "Failed checks"

Row = tuple[str, ...]
Outcome = dict[str, list[Row]]
"""The rows of each table, its header first; what was sent, and which checks failed."""


def expected_outcomes() -> list[Outcome]:
    """What stands in `days.md`, by day."""
    days = re.split(r"^## Day \d$", (HERE / "days.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [dict(map(read_section, day.split("\n### ")[1:])) for day in days]


def read_section(text: str) -> tuple[str, list[Row]]:
    title, _, body = text.partition("\n")
    if title in {SENT, FAILED}:
        return title, [(word,) for word in body.replace(",", " ").split()]
    lines = [line for line in body.splitlines() if line.startswith("|") and not line.startswith("| -")]
    header, *rows = (tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines)
    return title, [header, *sorted(rows)]


EXPECTED = expected_outcomes()


def cbx(*arguments: str | Path) -> str:
    answer = cbx_here(*map(str, arguments), "--project", str(PROJECT))
    assert answer.status == 0, f"{arguments}\n{answer.output}\n{answer.errors}"
    return answer.output


def show(table: str, columns: Row, state: Path) -> list[Row]:
    lines = cbx("show", table, "--state", state, "--format", "json", "--limit", "0").splitlines()
    rows = [json.loads(line) for line in lines]
    return [columns, *sorted(tuple(spell(name, row[name]) for name in columns) for row in rows)]


def spell(column: str, value: Any) -> str:
    """A value as `days.md` spells it: amounts have two decimals."""
    if value is None:
        return "NULL"
    if column in {"amount", "revenue"}:
        return f"{value:.2f}"
    return ", ".join(value) if isinstance(value, list) else str(value)


def sent_payments(state: Path) -> list[Row]:
    files = sorted((state / "sinks" / "silver_large_payments").glob("*.json"))
    return [(json.loads(line)["key"],) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def failed_checks(state: Path) -> list[Row]:
    """The tables of the checks and tests of the last update that found a row too many."""
    events = [json.loads(line) for line in (state / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    update = events[-1]["origin"]["update_id"]
    rules = [
        rule
        for event in events
        if event["origin"]["update_id"] == update and event["event_type"] == "flow_progress"
        for rule in event["details"]["flow_progress"].get("data_quality", {}).get("expectations", ())
    ]
    manifest = json.loads((PROJECT / "target" / "manifest.json").read_text(encoding="utf-8"))
    checks = {check["name"] for check in manifest["checks"]}
    return [(rule["dataset"],) for rule in rules if rule["failed_records"] and rule["dataset"] in checks]


def run(engine: str, *arguments: str | Path, request: pytest.FixtureRequest) -> None:
    """An update on an engine: on Spark with the session of the tests, on Sail in a process of its own."""
    if engine == "spark":
        request.getfixturevalue("spark")
        cbx("run", *arguments)
        return
    done = run_cbx(PROJECT, "run", *arguments, "--engine", engine)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Running on Spark" not in done.stderr


@pytest.fixture(
    scope="module",
    params=[pytest.param("spark", marks=[pytest.mark.spark]), pytest.param("sail", marks=[pytest.mark.slow])],
)
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """Four days, one update each: the messages and the export of a day land, then both pipelines run."""
    folder = tmp_path_factory.mktemp("payments")
    landing, state = folder / "landing", folder / "state"
    stand_ins = (f"payments={landing / 'payments'}", f"archive.payments_2025={landing / 'archive/payments_2025.csv'}")
    shutil.copytree(PROJECT / "landing" / "archive", landing / "archive")
    done = []
    for day, expected in zip(DAYS, EXPECTED, strict=True):
        for file in PROJECT.glob(f"landing/*/*2026-03-0{day}.*"):
            (landing / file.parent.name).mkdir(exist_ok=True)
            shutil.copy(file, landing / file.parent.name)
        places = ("--var", f"landing={landing}", "--stream", stand_ins[0], "--table", stand_ins[1])
        run(request.param, "--state", state, *places, request=request)
        tables = {title: show(title, rows[0], state) for title, rows in expected.items() if title not in {SENT, FAILED}}
        done.append({**tables, SENT: sent_payments(state), FAILED: failed_checks(state)})
    return done


@pytest.mark.parametrize("title", EXPECTED[0])
@pytest.mark.parametrize("day", DAYS)
def test_each_day_ends_with_the_rows_written_out_by_hand(outcomes: list[Outcome], day: int, title: str) -> None:
    expected = EXPECTED[day - 1][title]
    actual = outcomes[day - 1][title]

    assert expected == actual


def test_the_compiled_files_are_up_to_date() -> None:
    """`target/` is part of the repository, as that of Circuit Box."""
    done = run_cbx(PROJECT, "compile", "--check")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_its_tests_pass_and_run_every_model() -> None:
    """Flows, snapshots, sinks, seeds and several models in one file among them."""
    done = run_cbx(PROJECT, "test", "--coverage")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 of 9 models" in done.stdout
