"""The same project gives the same bytes on any machine, however busy it is, or an error and no bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from literate import MINIMAL_PROJECT, lay_out
from test_golden import PROJECTS, files_below

from cbx.analysis.tracing.requests import Limits
from cbx.compiler import compile_project
from cbx.diagnostics.code_pages import read_page
from cbx.incremental.build import Build, build
from cbx.incremental.options import Options

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TIMES = int(os.environ.get("CBX_BUSY_COMPILATIONS", "1"))
LOOPS = 8 if TIMES > 1 else 2
BUSY_PROJECTS = [ROOT, *PROJECTS] if TIMES > 1 else PROJECTS
"""`make soak` also compiles Circuit Box, beside more loops."""
WITH, WITHOUT = Options("local"), Options("local", with_trace=False)
CACHE = ".cbx/cache/trace.json"

ORDERS = '{{ materialized_view(key="id", columns={"id": "BIGINT"}) }}\nSELECT id FROM {{ source("raw.orders") }}\n'
MODEL = """from cbx import materialized_view, ref
from pyspark.sql import DataFrame


@materialized_view(key="id")
def recent(orders: DataFrame = ref("silver.orders")) -> DataFrame:
    BODY
    return orders.where("id > 1")
"""

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")


def shop(root: Path, body: str = "pass") -> Path:
    model = MODEL.replace("BODY", body)
    files = {"models/silver/orders.sql": ORDERS, "models/gold/recent.py": model, "project.toml": MINIMAL_PROJECT}
    lay_out(files, root)
    return root


def ids(built: Build) -> list[str]:
    return [diagnostic.code.id for diagnostic in built.diagnostics if diagnostic.severity == "error"]


@contextmanager
def busy_machine() -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(LOOPS)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@pytest.mark.parametrize("project", BUSY_PROJECTS, ids=lambda path: path.name)
def test_a_busy_machine_compiles_to_the_same_bytes(project: Path, tmp_path: Path) -> None:
    """Without anything remembered, again and again: `make soak` does so twenty times."""
    expected = files_below(project / "target")
    outcomes = []
    with busy_machine():
        for number in range(TIMES):
            copy = tmp_path / str(number)
            shutil.copytree(project / "models", copy / "models")
            shutil.copytree(project / "macros", copy / "macros")
            shutil.copy(project / "project.toml", copy)
            command = [sys.executable, "-m", "cbx", "compile"]
            status = subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode
            outcomes.append(status or files_below(copy / "target"))

    assert any(outcome == expected for outcome in outcomes)
    assert all(outcome == expected for outcome in outcomes if isinstance(outcome, dict))


NO_ANSWER = {
    "it needs more memory than there is": "bytearray(9 << 30)",
    "its process is ended": "__import__('ctypes').string_at(0)",
}


@pytest.mark.parametrize("case", NO_ANSWER)
def test_no_answer_is_an_error_and_is_not_remembered(case: str, tmp_path: Path) -> None:
    """Nobody can tell what it says of the model, so nothing is written; `test_tracing` has the same for time-outs."""
    root = shop(tmp_path, NO_ANSWER[case])
    failed, checked = build(root, WITH), build(root, WITH, check=True)
    remembered = (root / CACHE).exists()
    without = build(root, WITHOUT)

    assert (ids(failed), ids(checked), ids(without)) == (["CBX005"], ["CBX005"], [])
    assert (failed.changes, checked.changes, remembered) == (None, None, False)
    assert read_traced(root) == {"silver.orders": None, "gold.recent": False}


def test_a_process_that_does_not_start_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many models it would have traced; and the next time it may start."""
    root = shop(tmp_path)
    second = (root / "models/gold/recent.py").read_text().replace("recent", "later")
    (root / "models/gold/later.py").write_text(second)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(tmp_path / "no-python"))
        failed = build(root, WITH)
    again = build(root, WITH)

    assert (ids(failed), ids(again)) == (["CBX005"], [])
    assert "`gold.later`, `gold.recent` cannot be traced on this machine now" in failed.diagnostics[0].message
    assert read_traced(root) == {"silver.orders": None, "gold.later": True, "gold.recent": True}


def read_traced(root: Path) -> dict[str, bool | None]:
    models = json.loads((root / "target/manifest.json").read_text())["models"]
    return {
        name: model["traced"] for name, model in sorted(models.items(), key=lambda item: item[0] != "silver.orders")
    }


def test_a_machine_that_cannot_trace_leaves_what_was_traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, `compile` and `compile --check` fail unless they are told not to trace."""
    root = shop(tmp_path)
    build(root, WITH)
    before = files_below(root / "target")
    shutil.rmtree(root / ".cbx")
    monkeypatch.setitem(sys.modules, "pysail", None)
    failed, checked = build(root, WITH), build(root, WITH, check=True)
    kept = files_below(root / "target")
    without = build(root, WITHOUT)
    agreed = build(root, WITH)

    assert (ids(failed), ids(checked), ids(without), ids(agreed)) == (["CBX005"], ["CBX005"], [], [])
    assert kept == before
    assert failed.diagnostics[-1].message in (read_page("CBX005") or "")


def test_a_module_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that was traced with it is not compiled without it, until its code is another."""
    root = shop(tmp_path, "import rates_of_there")
    library = tmp_path / "library"
    library.mkdir()
    (library / "rates_of_there.py").write_text("")
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", str(library))
        there = build(root, WITH)
    shutil.rmtree(root / ".cbx")
    here = build(root, WITH)
    model = root / "models/gold/recent.py"
    model.write_text(model.read_text().replace("id > 1", "id > 2"))
    changed = build(root, WITH)
    shutil.rmtree(root / "target")
    first = build(root, WITH)

    assert [ids(build) for build in (there, here, changed, first)] == [[], ["CBX005"], [], []]
    assert "No module named 'rates_of_there'" in here.diagnostics[-1].message


@pytest.mark.parametrize("manifest", ["", "[]", '{"models": []}', '{"models": {"gold.recent": 1}}', '{"models": {}}'])
def test_a_manifest_that_makes_no_sense_asks_for_nothing(
    manifest: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is replaced, as any other file of `target/` that is not what the models compile to."""
    root = shop(tmp_path)
    (root / "target").mkdir()
    (root / "target/manifest.json").write_text(manifest)
    monkeypatch.setitem(sys.modules, "pysail", None)

    assert ids(build(root, WITH)) == []


def test_processor_time_counts_not_time() -> None:
    """A model may wait for the processor ten times as long as it may use it."""
    limits = Limits(seconds=3)

    assert limits.wall_seconds == 30


def test_compiling_is_the_same_with_and_without_what_was_remembered(tmp_path: Path) -> None:
    """What was traced before gives what tracing gives."""
    root = shop(tmp_path)
    first, second = compile_project(root).artifacts, compile_project(root).artifacts

    assert (root / CACHE).exists()
    assert first == second
