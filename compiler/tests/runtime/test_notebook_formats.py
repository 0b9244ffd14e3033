"""SQL notebooks and ``.ipynb`` files: which cells are run, and at which lines problems are shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cbx.runtime.definitions import Registry
from cbx.runtime.notebooks.jupyter_cells import jupyter_cells
from cbx.runtime.notebooks.notebook import run_file
from cbx.runtime.notebooks.notebook_cells import cells
from cbx.runtime.sql.parameters import SqlText

SQL = """\
-- Databricks notebook source
-- MAGIC %md
-- MAGIC Some words; and 'a quote.

-- COMMAND ----------

-- DBTITLE 1,Parcels
CREATE STREAMING TABLE parcels

-- COMMAND ----------

-- MAGIC %scala
-- MAGIC println("out")

-- COMMAND ----------

-- MAGIC %sql
-- MAGIC CREATE STREAMING TABLE letters;
"""


def notebook(language: str, *sources: Any, indent: int | None = 1, **metadata: Any) -> str:
    """The JSON text of an ``.ipynb`` file; a source is the text of a cell, or a list of its lines."""
    written = [
        {"cell_type": "code", "outputs": [{"text": source}], "metadata": {}, "source": source} for source in sources
    ]
    document = {"cells": written, "metadata": metadata or {"language_info": {"name": language}}, "nbformat": 4}
    return json.dumps(document, indent=indent)


def run(path: Path, text: str) -> tuple[list[SqlText], Registry, list[str]]:
    """The SQL texts of a file, its notes, and the places and messages of its problems."""
    path.write_text(text, encoding="utf-8")
    texts: list[SqlText] = []
    registry = Registry()
    problems = run_file(path, {}, registry, texts.append)
    return (
        texts,
        registry,
        [f"{problem.span.line if problem.span else None}: {problem.message}" for problem in problems],
    )


def test_a_cell_of_a_sql_notebook_is_a_text_of_statements(tmp_path: Path) -> None:
    """Its place is that in the file, also behind the prefix of a magic cell; other languages get one note."""
    texts, registry, problems = run(tmp_path / "n.sql", SQL)
    starts = [text.span(text.text.index("CREATE")) for text in texts]

    assert problems == []
    assert [(span.line, span.column) for span in starts if span] == [(8, 1), (18, 10)]
    assert [note for note, _ in registry.notes] == ["%scala cells are ignored in a pipeline"]


def test_separators_count_in_a_sql_file_without_a_first_line() -> None:
    """Published files have lost it; the statements have no semicolons."""
    text = "-- bronze\nSELECT 1\n\n-- COMMAND ----------\n\nSELECT 2\n"

    assert [(cell.line, cell.text.split()[-1]) for cell in cells(text)] == [(1, "1"), (5, "2")]


def test_cells_know_their_commands() -> None:
    """A title before a cell is not part of it."""
    assert [cell.magic for cell in cells(SQL)] == ["%md", None, "%scala", "%sql"]


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_python_and_sql_cells_of_a_jupyter_notebook(tmp_path: Path, indent: int | None) -> None:
    """Python cells share their names; SQL cells start with their command."""
    text = notebook(
        "python", ["x = 1\n", "\n"], ["%sql\n", "SET a = 1"], "y = x + 1\nprint(y)", "%fs ls /", indent=indent
    )
    texts, registry, problems = run(tmp_path / "n.ipynb", text)

    assert problems == []
    assert [each.text.strip() for each in texts] == ["SET a = 1"]
    assert [note for note, _ in registry.notes] == ["%fs cells are ignored in a pipeline"]


def test_a_jupyter_notebook_of_sql(tmp_path: Path) -> None:
    """Databricks keeps the language in its own metadata; Python cells are ignored, as on Databricks."""
    text = notebook(
        "", "SELECT 1", "%python\nraise ValueError", **{"application/vnd.databricks.v1+notebook": {"language": "sql"}}
    )
    texts, registry, problems = run(tmp_path / "n.ipynb", text)

    assert ([each.text for each in texts], problems) == (["SELECT 1"], [])
    assert [note for note, _ in registry.notes] == ["%python cells are ignored in a pipeline"]


@pytest.mark.parametrize(("indent", "line"), [(1, None), (None, 1)])
def test_a_problem_is_at_its_line_of_the_json_text(tmp_path: Path, indent: int | None, line: int | None) -> None:
    """Equal lines in outputs, which come first, are not mistaken for the source; one line of JSON has one place."""
    text = notebook("python", ["a = 1\n", "b = 2\n"], ["a = 1\n", "a.missing\n"], indent=indent)
    wanted = line or text[: text.rindex('"a.missing')].count("\n") + 1
    _, _, problems = run(tmp_path / "n.ipynb", text)

    assert problems == [f"{wanted}: AttributeError: 'int' object has no attribute 'missing'"]


def test_invalid_python_of_a_jupyter_notebook(tmp_path: Path) -> None:
    """The place is that of the cell."""
    _, _, problems = run(tmp_path / "n.ipynb", notebook("python", "x = (\n", indent=None))

    assert problems == ["1: invalid Python: '(' was never closed"]


def test_a_sql_cell_of_a_jupyter_notebook_has_its_place(tmp_path: Path) -> None:
    """Line and column are those of the JSON text, where it has one line per line of code."""
    text = notebook("sql", ["-- two tables\n", "CREATE STREAMING TABLE t\n"])
    (found,), _, _ = run(tmp_path / "n.ipynb", text)
    span = found.span(found.text.index("CREATE"))

    assert span is not None
    assert text.split("\n")[span.line - 1][span.column - 1 :].startswith("CREATE STREAMING")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 1}'])
def test_a_file_that_is_no_notebook(tmp_path: Path, text: str) -> None:
    """The file is refused."""
    _, _, (problem,) = run(tmp_path / "n.ipynb", text)

    assert problem.startswith("1: the file cannot be read: ")


def test_the_language_is_python_unless_the_metadata_has_another() -> None:
    """Small notebooks have no metadata."""
    assert jupyter_cells('{"cells": []}') == ("python", ())
