"""Finds the project of a command, and the state folder of those that read or write local tables."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbx.diagnostics.diagnostic import Diagnostic

STATE = ".cbx"


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


def state_folder(state: Path | None, project: Path | None) -> Path:
    """The value of ``--state``, else ``.cbx`` in the project, else ``.cbx`` in the working folder.

    Args:
        state: The value of ``--state``.
        project: The value of ``--project``.

    Raises:
        CannotRunError: If the value is a URL of other storage.
    """
    return relative_folder(local_state(state) if state is not None else project_folder(project) / STATE)


def local_state(state: Path) -> Path:
    """The value of ``--state``, which may be a URL of a file of this machine, as a path.

    Raises:
        CannotRunError: If it is a URL of other storage.
    """
    from cbx.files.storage import restore_slashes, storage_scheme, without_file_scheme

    scheme = storage_scheme(str(state))
    if scheme is None:
        return Path(without_file_scheme(str(state)))
    from cbx.diagnostics.codes import UNSUPPORTED_STORAGE
    from cbx.runtime.errors import CannotRunError

    raise CannotRunError(
        f"the state folder {restore_slashes(str(state))} is not in a file system: updates of tables are atomic only "
        "where a folder is renamed in one step",
        hint="name a folder of a disk, or one that is mounted on all machines, such as --state /mnt/shop; "
        f"landing files may be on `{scheme}`",
        code=UNSUPPORTED_STORAGE,
    )


def tables_of_models(project: Path | None) -> Mapping[str, str]:
    """The tables of the models by the models' ids in lower case, as of the last compilation; without one, nothing.

    Args:
        project: The value of ``--project``.
    """
    try:
        models = _read_manifest(project)["models"].items()
        return {str(name).lower(): str(model["dataset"]) for name, model in models}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def checks_of_project(project: Path | None) -> frozenset[str]:
    """The datasets that only check other datasets, as of the last compilation; without one, nothing.

    Args:
        project: The value of ``--project``.
    """
    try:
        return frozenset(str(check["name"]) for check in _read_manifest(project)["checks"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return frozenset()


def explain_view(diagnostic: Diagnostic, project: Path | None) -> Diagnostic:
    """A problem with a table that is not there; with the reason if it is a view, as of the last compilation.

    Args:
        diagnostic: The problem.
        project: The value of ``--project``.
    """
    try:
        models = _read_manifest(project)["models"].items()
        views = [str(model) for model, entry in models if entry["kind"] == "view"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return diagnostic
    for view in views:
        if diagnostic.message.lower().startswith(f"there is no table `{view.lower()}`"):
            hint = "query what it reads, or make it a `materialized_view` to look at its rows"
            return diagnostic._replace(message=f"`{view}` is a view, which has no rows of its own", hint=hint)
    return diagnostic


def _read_manifest(project: Path | None) -> Any:
    from cbx.files.bounded_read import check_document, read_regular
    from cbx.target.layout import MANIFEST, TARGET

    content = read_regular(project_folder(project) / TARGET / MANIFEST)
    check_document(content)
    return json.loads(content)


def relative_folder(folder: Path) -> Path:
    """A folder relative to the working folder if it is inside, as messages show it."""
    try:
        return folder.resolve().relative_to(Path.cwd())
    except ValueError:
        return folder


def path_from(folder: Path, path: str) -> str:
    """A path of the command line, which is relative to the working folder, as it is relative to another folder."""
    from cbx.files.storage import storage_scheme, without_file_scheme

    here = Path.cwd()
    path = without_file_scheme(path)
    if Path(path).expanduser().is_absolute() or folder.resolve() == here or storage_scheme(path) is not None:
        return path
    return os.path.relpath(here / path, folder.resolve())
