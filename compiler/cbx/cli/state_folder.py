"""Where the commands about a run look for its state."""

from __future__ import annotations

from pathlib import Path

from cbx.cli.places import project_folder

STATE = ".cbx"


def state_folder(state: Path | None, project: Path | None) -> Path:
    """The folder that ``--state`` names, else ``.cbx`` in the project, else ``.cbx`` here.

    Args:
        state: The value of ``--state``.
        project: The value of ``--project``.
    """
    return short(state if state is not None else project_folder(project) / STATE)


def short(folder: Path) -> Path:
    """A folder as seen from here, for people."""
    try:
        return folder.resolve().relative_to(Path.cwd())
    except ValueError:
        return folder
