"""How source files become cells, and which files are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbx.runtime.errors import CannotRunError
from cbx.runtime.notebooks.notebook_cells import NotebookCell, cells
from cbx.runtime.notebooks.source_files import source_files

NOTEBOOK = """\
# Databricks notebook source
# MAGIC %md
# MAGIC # Title

# COMMAND ----------

import dlt

# COMMAND ----------
# MAGIC %pip install nothing
"""


def test_a_notebook_is_its_cells() -> None:
    """Each cell knows the line it starts at, and its magic word."""
    actual = [(cell.line, cell.magic) for cell in cells(NOTEBOOK)]
    assert actual == [(2, "%md"), (6, None), (10, "%pip")]


def test_a_plain_file_is_one_cell() -> None:
    """Separators mean nothing where the first line is another."""
    text = "import dlt\n# COMMAND ----------\n1\n"

    assert cells(text) == (NotebookCell(1, text),)


def test_folders_are_read_in_the_order_of_their_paths(tmp_path: Path) -> None:
    """Hidden folders and caches hold no sources, and a file counts once."""
    for name in ("b.py", "a/z.py", ".hidden/x.py", "__pycache__/y.py", "notes.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = source_files([tmp_path, tmp_path / "b.py", tmp_path / "a" / "z"])

    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a/z.py", "b.py"]


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The error names the path."""
    with pytest.raises(CannotRunError) as error:
        source_files([tmp_path / "missing"])

    assert str(error.value) == f"{tmp_path / 'missing'} does not exist"


def test_only_a_line_feed_ends_a_line() -> None:
    """Text in a model's code keeps its other line breaks, and none of them begins a cell."""
    text = "# Databricks notebook source\nX = 'a\u2028# COMMAND ----------\x0cb'\n\n# COMMAND ----------\n\ny = 1\n"

    assert [cell.text.strip() for cell in cells(text)] == [
        "X = 'a\u2028# COMMAND ----------\x0cb'",
        "y = 1",
    ]
