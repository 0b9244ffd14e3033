"""Finds the source files of a pipeline, and reads their cells."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cbx.runtime.errors import CannotRunError
from cbx.runtime.notebooks.jupyter_cells import jupyter_cells
from cbx.runtime.notebooks.notebook_cells import cells as source_cells
from cbx.runtime.notebooks.run_commands import SUFFIXES, notebooks_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cbx.runtime.notebooks.notebook_cells import NotebookCell


def source_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The source files of notebooks, files and folders, each once; those of a folder by path.

    Modules of packages below a folder are for imports and are omitted, and so are notebooks that others of the folder
    run with ``%run``.

    Raises:
        CannotRunError: If a path does not exist, or a folder has no source file.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and _is_source(file, path))
            if not inside:
                raise CannotRunError(f"{path} has no Python or SQL files", hint="name the folder of the notebooks")
            files.update(dict.fromkeys(_without_run_notebooks([file.resolve() for file in inside])))
        elif path.is_file():
            files[path.resolve()] = None
        elif path.with_suffix(".py").is_file():
            files[path.with_suffix(".py").resolve()] = None
        else:
            raise CannotRunError(f"{path} does not exist")
    return tuple(files)


def _is_source(file: Path, folder: Path) -> bool:
    """Whether a file below a folder is not hidden and not part of a package."""
    inside = file.relative_to(folder)
    is_visible = not any(part.startswith((".", "__")) for part in inside.parts)
    return is_visible and not any((folder / parent / "__init__.py").exists() for parent in inside.parents[:-1])


def _without_run_notebooks(files: Sequence[Path]) -> list[Path]:
    """The files that no other file runs; all of them if they run each other."""
    run_by_others: set[Path] = set()
    for file in files:
        with contextlib.suppress(OSError, ValueError):
            run_by_others |= notebooks_run(read_cells(file)[1], file) - {file}
    return [file for file in files if file not in run_by_others] or list(files)


def with_run_notebooks(files: Sequence[Path]) -> tuple[Path, ...]:
    """Files, and the notebooks that they run with ``%run``, and those that these run."""
    found, new = dict.fromkeys(files), list(files)
    while new:
        file = new.pop()
        with contextlib.suppress(OSError, ValueError):
            more = [other for other in sorted(notebooks_run(read_cells(file)[1], file)) if other not in found]
            found.update(dict.fromkeys(more))
            new += more
    return tuple(found)


def read_cells(path: Path) -> tuple[str, tuple[NotebookCell, ...]]:
    """The magic command of the language of a file, and its cells.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is not UTF-8, or not a notebook.
    """
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix != ".ipynb":
        return f"%{'sql' if path.suffix == '.sql' else 'python'}", source_cells(text)
    language, cells = jupyter_cells(text)
    return f"%{language}", cells
