"""Which project a command is about."""

from __future__ import annotations

from pathlib import Path


def project_folder(given: Path | None) -> Path:
    """The folder that ``--project`` names, else the nearest one upwards with a ``project.toml``, else here."""
    from cbx.location import find_project

    if given is not None:
        return given
    here = Path.cwd()
    return find_project(here) or here
