"""Where the commands about a run look for its state."""

from __future__ import annotations

from pathlib import Path

STATE = ".cbx"


def state_folder(state: Path | None, project: Path | None) -> Path:
    """The folder that ``--state`` names, else ``.cbx`` in the project, else ``.cbx`` here.

    Args:
        state: The value of ``--state``.
        project: The value of ``--project``.
    """
    from cbx.project import find_project

    if state is not None:
        return state
    here = Path.cwd()
    folder = project if project is not None else find_project(here) or here
    return _short(folder / STATE)


def _short(folder: Path) -> Path:
    try:
        return folder.resolve().relative_to(Path.cwd())
    except ValueError:
        return folder
