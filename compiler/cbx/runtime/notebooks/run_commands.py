"""The command ``%run``: another notebook, which runs in the same namespace.

Paths are relative to the notebook, and have no suffix on Databricks (the page "Orchestrate notebooks and modularize
code in notebooks").
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.runtime.errors import RunError, line_span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cbx.runtime.notebooks.notebook_cells import NotebookCell

SUFFIXES: Final = (".py", ".sql", ".ipynb")


class RunCommand(NamedTuple):
    """A ``%run``: the notebook, and the values of its widgets."""

    notebook: Path
    arguments: dict[str, str]


def read_run_command(cell: NotebookCell, path: Path) -> RunCommand:
    """Read a ``%run`` cell.

    Args:
        cell: The cell, without the command.
        path: The notebook that has the cell.

    Raises:
        RunError: If it names no notebook, or one that does not exist.
    """
    span = line_span(path, cell.code_line)
    words = _words(cell)
    if not words:
        raise RunError(INVALID_DEFINITION, "%run names no notebook", span=span, hint="write %run ./name")
    arguments = dict(_argument(word) for word in words[1:] if word.startswith("$") and "=" in word)
    if len(arguments) != len(words) - 1:
        hint = 'write %run ./name $parameter="value"'
        raise RunError(INVALID_DEFINITION, "invalid %run: its arguments are not $name=value", span=span, hint=hint)
    notebook = _find(path.parent / words[0])
    if notebook is None:
        reason = f"there is no notebook {words[0]} beside {path.name}"
        hint = "paths of %run are relative to the notebook; add the file, or correct the path"
        raise RunError(INVALID_DEFINITION, reason, span=span, hint=hint)
    return RunCommand(notebook, arguments)


def _words(cell: NotebookCell) -> list[str]:
    try:
        return shlex.split(cell.text, comments=True)
    except ValueError:
        return cell.text.split()


def _argument(word: str) -> tuple[str, str]:
    name, _, value = word.removeprefix("$").partition("=")
    return name, value


def _find(path: Path) -> Path | None:
    """A notebook by its path without a suffix, or with one."""
    candidates = [path, *(path.with_name(path.name + suffix) for suffix in SUFFIXES)]
    return next((candidate.resolve() for candidate in candidates if candidate.is_file()), None)


def notebooks_run(cells: Iterable[NotebookCell], path: Path) -> set[Path]:
    """The notebooks that the ``%run`` cells of a notebook name, if they exist."""
    names = (_words(cell)[:1] for cell in cells if cell.magic == "%run")
    found = (_find(path.parent / name[0]) for name in names if name)
    return {notebook for notebook in found if notebook is not None}
