"""Finds the state folder of the commands that read or write local tables."""

from __future__ import annotations

from pathlib import Path

from cbx.cli.places import project_folder

STATE = ".cbx"


def state_folder(state: Path | None, project: Path | None) -> Path:
    """The value of ``--state``, else ``.cbx`` in the project, else ``.cbx`` in the working folder.

    Args:
        state: The value of ``--state``.
        project: The value of ``--project``.
    """
    return relative_folder(state if state is not None else project_folder(project) / STATE)


def relative_folder(folder: Path) -> Path:
    """A folder relative to the working folder if it is inside, as messages show it."""
    try:
        return folder.resolve().relative_to(Path.cwd())
    except ValueError:
        return folder
