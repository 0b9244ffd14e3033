"""What the fast engine cannot do is rewritten, or skipped with a reason; it is never a failure of the model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compiler.tests.command import run_cbx

pytestmark = pytest.mark.slow

PROJECT = '[project]\nname = "harbour"\nlayers = ["raw", "clean"]\n'
MODELS = {
    "models/clean/arrivals.py": '''
"""Ships that arrived, each once."""

from cbx import stream_source, streaming_table


@streaming_table()
def arrivals(radar=stream_source("radar.pings")):
    return radar.withWatermark("seen_at", "30 minutes").dropDuplicatesWithinWatermark(["ship"])
''',
    "models/clean/late.py": '''
"""A watermark on what is no time."""

from cbx import stream_source, streaming_table


@streaming_table()
def late(radar=stream_source("radar.pings")):
    return radar.withWatermark("ship", "30 minutes")
''',
    "models/clean/berths.sql": """
{{ materialized_view() }}
WITH latest AS (
    SELECT *, row_number() OVER (PARTITION BY berth ORDER BY struct(day, hour) DESC) AS place
    FROM {{ source("port.berths") }}
    QUALIFY place = 1
)
SELECT berth, ship FROM latest QUALIFY count(*) OVER (PARTITION BY ship) = 1 ORDER BY berth
""",
    "models/clean/moorings.sql": """
{{ auto_cdc(key="berth", sequence_by=["day", "hour"]) }}
SELECT berth, ship, day, hour FROM {{ stream_source("port.moorings") }}
""",
    "models/clean/ships.sql": """
{{ materialized_view(expectations=[
    expect_or_drop("has_a_name", "name IS NOT NULL"), expect_or_drop("is_long", "length > 10"),
]) }}
SELECT ship, name, length FROM {{ source("port.ships") }}
""",
    "models/clean/weights.sql": """
{{ materialized_view() }}
SELECT ship, from_json(note, 'kg STRING').kg AS kg FROM {{ source("port.notes") }}
""",
}
TESTS = """
from datetime import datetime

import pytest

HOURS = [datetime(2026, 1, 1, hour) for hour in range(3)]


def test_duplicates_of_one_batch_are_dropped(run_model):
    seen = [("Ida", HOURS[0]), ("Ida", HOURS[2]), ("Ole", HOURS[1])]
    given = [("ship", "seen_at"), *seen]
    assert sorted(run_model("clean.arrivals", given={"radar": given}).rows("ship")) == [("Ida",), ("Ole",)]


def test_duplicates_of_two_batches_cannot_be_told(run_model):
    given = [[{"ship": "Ida", "seen_at": HOURS[0]}], [{"ship": "Ida", "seen_at": HOURS[0]}]]
    run_model("clean.arrivals", given={"radar": given})
    raise AssertionError("not reached")


def test_a_watermark_needs_a_time(run_model):
    with pytest.raises(Exception, match="TIMESTAMP"):
        run_model("clean.late", given={"radar": [{"ship": "Ida", "seen_at": HOURS[0]}]})


def test_qualify_beside_a_star_and_without(run_model):
    given = [("berth", "ship", "day", "hour"), (1, "Ida", 1, 5), (1, "Ole", 2, 1), (2, "Ole", 1, 1), (3, "Ada", 1, 1)]
    assert run_model("clean.berths", given={"port.berths": given}).rows() == [(3, "Ada")]


def test_changes_in_the_order_of_two_columns(run_model):
    given = [[("berth", "ship", "day", "hour"), (1, "Ida", 2, 1)], [("berth", "ship", "day", "hour"), (1, "Ole", 1, 9)]]
    assert run_model("clean.moorings", given={"port.moorings": given}).rows("ship") == [("Ida",)]


def test_json_with_single_quotes(run_model):
    given = [("ship", "note"), (1, "{'kg': 'many'}")]
    assert run_model("clean.weights", given={"port.notes": given}).rows() == [(1, "many")]
"""
DROPPED = """
from cbx.testing import assert_rows


def test_dropped(run_model):
    given = [("ship", "name", "length"), (1, "Ida", 20), (2, None, 5), (3, "Ole", 30)]
    result = run_model("clean.ships", given={"port.ships": given})
    assert result.rows() == [(1, "Ida", 20), (2, None, 5), (4, "Ada", 9), (3, "Ole", 30)]
"""


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("harbour")
    files = {"project.toml": PROJECT, **MODELS, "tests/test_limits.py": TESTS, "pytest.ini": "[pytest]\n"}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTEST_ADDOPTS", "CI"}}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def run_tests(folder: Path, engine: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("pysail")
    return run_cbx(folder, "test", "--engine", engine, "--coverage", "--", "-p", "no:cacheprovider")


@pytest.fixture(scope="module")
def done_on_sail(harbour: Path) -> subprocess.CompletedProcess[str]:
    return run_tests(harbour, "sail")


@pytest.mark.parametrize("engine", ["sail", pytest.param("spark", marks=pytest.mark.spark)])
def test_each_test_passes_or_is_skipped_with_a_reason(engine: str, harbour: Path, request: Any) -> None:
    """Watermarks keep all rows, QUALIFY is rewritten, and what depends on batches is said."""
    done = run_tests(harbour, engine) if engine == "spark" else request.getfixturevalue("done_on_sail")
    skipped = "3 skipped" if engine == "sail" else "1 skipped"

    assert done.returncode == 0, done.stdout
    assert skipped in done.stdout
    assert "depend on which batch a row is in" in done.stdout


def test_coverage_tells_skipped_from_missing(done_on_sail: subprocess.CompletedProcess[str]) -> None:
    """A skipped model was not checked, and nobody has to write a test of it."""
    done = done_on_sail

    assert "skipped-model: each test of `clean.moorings` was skipped: Sail cannot run" in done.stderr
    assert "untested-model: no test runs `clean.ships`" in done.stderr
    assert "no test runs `clean.moorings`" not in done.stderr
    assert "(2 of 6 models (2 skipped), 0 of 2 expectations," in done.stdout


def test_json_that_needs_spark_is_no_failure(done_on_sail: subprocess.CompletedProcess[str]) -> None:
    """The reason is one line, without the traceback of the function that read the text, and with what to type."""
    reason = "reads JSON that needs Spark: a JSON text has single quotes, or characters that are not allowed; run it"
    (warning,) = (line for line in done_on_sail.stderr.splitlines() if "test of `clean.weights`" in line)

    assert reason in " ".join(done_on_sail.stderr.split())
    assert "skipped-model" in warning
    assert "Traceback" not in done_on_sail.stdout + done_on_sail.stderr


def test_a_row_that_rules_dropped_is_shown_with_their_names(harbour: Path, tmp_path: Path) -> None:
    """Who misses a row sees at once why it is not there."""
    pytest.importorskip("pysail")
    test = tmp_path / "test_dropped.py"
    test.write_text(DROPPED, encoding="utf-8")
    done = run(
        harbour, "-m", "pytest", "-p", "no:cacheprovider", f"--cbx-project={harbour}", "--cbx-engine=sail", str(test)
    )
    lines = [line.strip(" E") for line in done.stdout.splitlines()]

    assert any("1 dropped" in line and "1 missing" in line for line in lines), done.stdout
    assert any(line.startswith("dropped") and line.endswith("by `has_a_name`, `is_long`") for line in lines)
    assert any(line.startswith("missing") and "Ada" in line for line in lines)


MACRO = """
from pyspark.sql import Column
from pyspark.sql import functions as F


def {name}_of(column: str) -> Column:
    return F.concat(F.lit("{name}-"), F.col(column))
"""
MODEL = """
from cbx import materialized_view, source

from macros.marks import {name}_of


@materialized_view()
def marked(rows=source("raw.rows")):
    return rows.select({name}_of("a").alias("a"))
"""
MARKED = """
from macros.marks import {name}_of


def test_{name}(run_model):
    from macros import marks

    assert marks.{name}_of is {name}_of
    assert run_model("clean.marked", given={{"raw.rows": [{{"a": "x"}}]}}).rows() == [("{name}-x",)]
"""


@pytest.mark.parametrize("where", [".", "east", "east/tests"])
def test_macros_are_those_of_the_project_that_a_test_belongs_to(where: str, tmp_path: Path) -> None:
    """Two projects below a folder with a configuration of pytest, tested from above, from one, and from its tests."""
    pytest.importorskip("pysail")
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-q"\n', encoding="utf-8")
    for name in ("east", "west"):
        files = {
            "project.toml": PROJECT.replace("harbour", name),
            "macros/marks.py": MACRO.format(name=name),
            "models/clean/marked.py": MODEL.format(name=name),
            f"tests/test_{name}.py": MARKED.format(name=name),
        }
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text, encoding="utf-8")
    done = run(tmp_path / where, "-m", "pytest", "-p", "no:cacheprovider", "--cbx-engine=sail")

    assert done.returncode == 0, done.stdout
    assert f"{2 if where == '.' else 1} passed" in done.stdout
