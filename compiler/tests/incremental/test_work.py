"""How much is done, counted rather than timed: the calls and lines of a compilation are the same on every machine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cbx.incremental.build import build
from cbx.incremental.options import Options
from compiler.benchmarks.projects import MACRO, ONE_MODEL, write_project
from compiler.tests.incremental.counted_work import count_calls, count_lines

OPTIONS = Options("local", with_trace=False)


def count_parsed_models(counts: Counter[tuple[str, str]]) -> int:
    return counts["parse/python.py", "parse_python_model"] + counts["parse/sql.py", "parse_sql_model"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path, 60)
    return tmp_path


def test_each_file_is_read_and_each_text_rendered_once(project: Path) -> None:
    """Jinja sees the macros and what calls them with more than texts, whatever the number of models."""
    counts = count_calls(lambda: build(project, OPTIONS))

    assert count_parsed_models(counts) == 60
    assert counts["passes/discover.py", "_read_file"] == 62
    assert counts["jinja2/environment.py", "compile"] == 1
    assert counts["parse/queries.py", "parse_query"] == 30
    assert counts["analysis/from_sql.py", "read_query"] == 30


def test_of_one_changed_file_only_its_neighbours_are_read(project: Path) -> None:
    """Of the others it is known what they are."""
    build(project, OPTIONS)
    path = project / ONE_MODEL
    path.write_text(path.read_text().replace("'void'", "'empty'"))

    counts = count_calls(lambda: build(project, OPTIONS))

    assert count_parsed_models(counts) == 2
    assert counts["notebooks/notebook.py", "emit_notebook"] == 1


def test_of_nothing_changed_nothing_is_read(project: Path) -> None:
    """Not even the files are opened, once they are at rest."""
    build(project, OPTIONS)

    counts = count_calls(lambda: build(project, OPTIONS))

    assert count_parsed_models(counts) == 0
    assert counts["passes/discover.py", "_read_file"] == 0


def test_a_macro_that_changed_is_seen(project: Path) -> None:
    """All models are compiled: which of them use it is not asked."""
    build(project, OPTIONS)
    path = project / MACRO
    path.write_text(path.read_text().replace("> 0", ">= 1"))

    counts = count_calls(lambda: build(project, OPTIONS))

    assert count_parsed_models(counts) == 60


def test_four_times_the_models_are_four_times_the_work(tmp_path: Path) -> None:
    """Nothing looks through all models for each of them."""
    first, few, many = tmp_path / "first", tmp_path / "few", tmp_path / "many"
    write_project(first, 50)
    write_project(few, 50)
    write_project(many, 200)
    build(first, OPTIONS)  # what is loaded and remembered by then is not counted

    ratio = count_lines(lambda: build(many, OPTIONS)) / count_lines(lambda: build(few, OPTIONS))

    assert ratio < 4
