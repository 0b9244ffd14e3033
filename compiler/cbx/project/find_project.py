"""Finds the folder of a project."""

from __future__ import annotations

from pathlib import Path

PROJECT_FILE = "project.toml"


def find_project(start: Path) -> Path | None:
    """The nearest folder with a ``project.toml``, from ``start`` upwards."""
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    return None
