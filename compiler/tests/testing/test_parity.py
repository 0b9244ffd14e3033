"""The two engines give the same rows: the tests of Circuit Box run on both, and what models made is compared."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compiler.tests.command import run_cbx

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[3]
HERE = Path(__file__).parent
BY_EXPECTATION = ("test_run_model.py", "test_auto_cdc.py")
"""Tests that say which rows there should be, which is the same on both engines; the other run is on Spark."""

SESSIONS = """
{{ materialized_view() }}
SELECT count(*) AS visits FROM {{ source("raw.t") }} GROUP BY session_window(at, '5 minutes')
"""
ITS_TEST = """
def test_it(run_model):
    assert run_model("silver.it", {"raw.t": "at TIMESTAMP\\n2026-01-01"}).rows() == [(1,)]
"""


def check_success(done: subprocess.CompletedProcess[str]) -> str:
    """What a command prints that succeeds and skips no test."""
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
    return done.stdout


def results(engine: str, folder: Path) -> list[dict[str, Any]]:
    """What each model made in each test, in the order of the tests, which exercise everything."""
    file = folder / f"{engine}.jsonl"
    coverage = ("--coverage", "--fail-under", "100")
    rest = ("-p", "no:cacheprovider", f"--cbx-results={file}")
    check_success(run_cbx(PROJECT, "test", "--engine", engine, *coverage, "--", *rest))
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.spark
def test_circuit_box_has_the_same_rows_on_both_engines(tmp_path: Path) -> None:
    """Columns, types, rows and the counts of every rule."""
    sail, spark = results("sail", tmp_path), results("spark", tmp_path)

    assert len(sail) > 50
    assert sail == spark


def test_what_run_model_promises_holds_on_sail_too() -> None:
    """AUTO CDC among it; nothing is skipped."""
    tests = (str(HERE / name) for name in BY_EXPECTATION)
    command = [sys.executable, "-m", "pytest", "-q", "--cbx-engine=sail", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=900)

    assert " passed" in check_success(done)


def test_what_sail_cannot_do_is_skipped_with_a_reason(tmp_path: Path) -> None:
    """It never passes unseen."""
    (tmp_path / "project.toml").write_text('[project]\nname = "shop"\n')
    model = tmp_path / "models" / "silver" / "it.sql"
    model.parent.mkdir(parents=True)
    model.write_text(SESSIONS)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(ITS_TEST)
    done = run_cbx(tmp_path, "test", "--engine", "sail")

    assert (done.returncode, done.stderr) == (0, "")
    assert "1 skipped" in done.stdout, done.stdout
    assert "Sail cannot run `silver.it`" in done.stdout
