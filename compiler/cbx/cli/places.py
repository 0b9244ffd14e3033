"""Finds the project of a command."""

from __future__ import annotations

import sys
from pathlib import Path


def project_folder(given: Path | None) -> Path:
    """The value of ``--project``, else the nearest folder upwards with a ``project.toml``, else the working folder."""
    from cbx.project.find_project import find_project

    if given is not None:
        return given
    here = Path.cwd()
    return find_project(here) or here


def print_waiting() -> None:
    """Print the reason for waiting while another process writes ``target/``."""
    sys.stderr.write("Waiting for another compilation of this project to finish.\n")
