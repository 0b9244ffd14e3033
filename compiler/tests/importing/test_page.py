"""Runs every block of the page about importing, in the order in which a reader meets them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from literate import Block, read_cases
from pyspark.sql import SparkSession
from walkthrough import hide_times

from compiler.tests.command import run_cbx
from compiler.tests.foreign.terminal import cbx_here

PAGE = Path(__file__).parents[2] / "docs" / "import.md"


def run_in(folder: Path, command: str) -> str:
    """What a command of cbx prints."""
    done = run_cbx(folder, *shlex.split(command)[1:], environment={"COLUMNS": "100"})
    done.check_returncode()
    return done.stdout + done.stderr


def do_block(block: Block, folder: Path) -> str:
    """Do what a block shows: write a file of the pipeline, run a command, or read a file of the project."""
    kind, _, path = block.info.partition(" ")
    if kind == "console":
        command = block.body.partition("\n")[0]
        return f"{command}\n{run_in(folder, command.removeprefix('$ '))}"
    if path.startswith("notebooks/"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(block.body, encoding="utf-8")
        return block.body
    return (folder / path).read_text(encoding="utf-8")


def test_every_step_gives_what_the_page_shows(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A reader who follows it sees the same."""
    blocks = [block for case in read_cases(PAGE) for block in case.blocks]
    expected = [block.body for block in blocks]
    actual = [do_block(block, tmp_path) for block in blocks]
    if request.config.getoption("--bless"):
        page = PAGE.read_text(encoding="utf-8")
        for block, text in zip(reversed(blocks), reversed(actual), strict=True):
            page = page[: block.start] + text + page[block.end :]
        PAGE.write_text(page, encoding="utf-8")
        return

    assert list(map(hide_times, expected)) == list(map(hide_times, actual))


RATES = """
import os

import dlt


@dlt.table
def rates():
    return spark.read.json(os.environ.get("RATES", "landing/rates"))
"""
ROWS = [{"customer_id": 1, "amount": 500}, {"customer_id": None, "amount": 700}, {"customer_id": 1, "amount": 300}]


def test_the_last_command_runs_models_and_what_is_left(
    spark: SparkSession,  # noqa: ARG001 - the run finds it
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the page writes it, for its pipeline with a notebook that no model can say."""
    monkeypatch.chdir(tmp_path)
    for block in (block for case in read_cases(PAGE) for block in case.blocks if "notebooks/" in block.info):
        do_block(block, tmp_path)
    (tmp_path / "notebooks/rates.py").write_text(RATES, encoding="utf-8")
    for folder, rows in {"orders": ROWS, "rates": [{"rate": 2}]}.items():
        (tmp_path / "landing" / folder).mkdir(parents=True)
        (tmp_path / "landing" / folder / "1.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (command,) = re.findall(r"^    (cbx run .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    steps = ["cbx import notebooks --into shop", "cbx compile --project shop --no-trace", command]
    answers = [cbx_here(*shlex.split(step)[1:]) for step in steps]
    tables = [cbx_here("show", name, "--format", "json").output for name in ("shop.revenue_of_customers", "rates")]

    assert [answer.status for answer in answers] == [0, 0, 0], answers[-1].errors
    assert list(map(json.loads, tables)) == [{"customer_id": 1, "revenue": 8.0}, {"rate": 2}]
