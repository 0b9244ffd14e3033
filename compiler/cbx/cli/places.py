"""Which project a command is about."""

from __future__ import annotations

import sys
from pathlib import Path


def project_folder(given: Path | None) -> Path:
    """The folder that ``--project`` names, else the nearest one upwards with a ``project.toml``, else here."""
    from cbx.project.find_project import find_project

    if given is not None:
        return given
    here = Path.cwd()
    return find_project(here) or here


def say_waiting() -> None:
    """Tell why nothing happens while another process writes ``target/``."""
    sys.stderr.write("Waiting for another compilation of this project to end.\n")
