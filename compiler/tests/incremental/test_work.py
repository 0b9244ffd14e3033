"""How much is done, counted rather than timed: the calls and lines of a compilation are the same on every machine."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from cbx.incremental.build import build
from cbx.incremental.options import Options
from compiler.benchmarks.projects import MACRO, ONE_MODEL, write_project

OPTIONS = Options("local", with_trace=False)


def calls_of(run: Callable[[], object]) -> Counter[tuple[str, str]]:
    """How often each function was called, by the name of its file and its own."""
    counts: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            counts[frame.f_code] += 1

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    named: Counter[tuple[str, str]] = Counter()
    for code, number in counts.items():
        named["/".join(Path(code.co_filename).parts[-2:]), code.co_name] += number
    return named


def lines_of(run: Callable[[], object]) -> int:
    """How many lines of Python were run."""
    total = 0

    def count(_frame: FrameType, event: str, _: Any) -> Any:
        nonlocal total
        total += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        run()
    finally:
        sys.settrace(before)
    return total


def parsed(counts: Counter[tuple[str, str]]) -> int:
    return counts["parse/python.py", "parse_python_model"] + counts["parse/sql.py", "parse_sql_model"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path, 60)
    return tmp_path


def test_each_file_is_read_and_each_text_rendered_once(project: Path) -> None:
    """Jinja sees the macros and what calls them with more than texts, whatever the number of models."""
    counts = calls_of(lambda: build(project, OPTIONS))

    assert parsed(counts) == 60
    assert counts["passes/discover.py", "_read_file"] == 62
    assert counts["jinja2/environment.py", "compile"] == 1
    assert counts["parse/queries.py", "parse_query"] == 30
    assert counts["analysis/from_sql.py", "read_query"] == 30


def test_of_one_changed_file_only_its_neighbours_are_read(project: Path) -> None:
    """Of the others it is known what they are."""
    build(project, OPTIONS)
    path = project / ONE_MODEL
    path.write_text(path.read_text().replace("'void'", "'empty'"))

    counts = calls_of(lambda: build(project, OPTIONS))

    assert parsed(counts) == 2
    assert counts["emit/notebook.py", "emit_notebook"] == 1


def test_of_nothing_changed_nothing_is_read(project: Path) -> None:
    """Not even the files are opened, once they are at rest."""
    build(project, OPTIONS)

    counts = calls_of(lambda: build(project, OPTIONS))

    assert parsed(counts) == 0
    assert counts["passes/discover.py", "_read_file"] == 0


def test_a_macro_that_changed_is_seen(project: Path) -> None:
    """All models are compiled: which of them use it is not asked."""
    build(project, OPTIONS)
    path = project / MACRO
    path.write_text(path.read_text().replace("> 0", ">= 1"))

    counts = calls_of(lambda: build(project, OPTIONS))

    assert parsed(counts) == 60


def test_four_times_the_models_are_four_times_the_work(tmp_path: Path) -> None:
    """Nothing looks through all models for each of them."""
    first, few, many = tmp_path / "first", tmp_path / "few", tmp_path / "many"
    write_project(first, 50)
    write_project(few, 50)
    write_project(many, 200)
    build(first, OPTIONS)  # what is loaded and remembered by then is not counted

    ratio = lines_of(lambda: build(many, OPTIONS)) / lines_of(lambda: build(few, OPTIONS))

    assert ratio < 4
