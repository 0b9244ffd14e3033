"""What the rows of a materialized view depend on, and how that has changed since its last refresh."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Obstacle(NamedTuple):
    """Why a view cannot be refreshed in part, or cannot keep its rows.

    Attributes:
        reason: The end of a sentence.
        issue: The kind of reason, as Databricks' event log calls it.
    """

    reason: str
    issue: str


class InputFile(NamedTuple):
    """A file that a query reads, as of its last change."""

    path: str
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class QueryDescription:
    """What the rows of a query depend on.

    Attributes:
        definition: A hash of the query, the expectations, the columns and the settings; None if the rows depend on
            something that is not known.
        inputs: The files that are read, by the folder from which they are read.
        relations: The folder of each relation of the query's plan, in the order of the plan.
        obstacle: What is not known; None if there is nothing.
    """

    definition: str | None
    inputs: Mapping[str, Sequence[InputFile]] = field(default_factory=dict)
    relations: tuple[str, ...] = ()
    obstacle: Obstacle | None = None

    def document(self) -> dict[str, Any] | None:
        """The description as a JSON object; None if not everything is known."""
        if self.definition is None:
            return None
        inputs = {folder: _describe_files(folder, files) for folder, files in self.inputs.items()}
        return {"definition": self.definition, "inputs": inputs}


def find_changes(
    before: Mapping[str, Any] | None, now: QueryDescription
) -> Mapping[str, Sequence[InputFile]] | Obstacle:
    """The new files of the inputs that have grown since the last refresh, by their folders.

    The folder of a table that grows has a folder for each update, named as its number. It has grown if the files of
    updates until the last refresh are the same.

    Args:
        before: The document of the description then; None if it was not known.
        now: The description now.

    Returns:
        The new files: none if nothing has changed that the rows depend on. An obstacle if more has changed than that.
    """
    if now.obstacle is not None:
        return now.obstacle
    if before is None:
        return Obstacle("what it read at its last refresh is not known", "PRIOR_TIMESTAMP_MISSING")
    if before["definition"] != now.definition:
        return Obstacle("its query, its expectations or a setting changed", "QUERY_FINGERPRINT_CHANGED")
    grown: dict[str, Sequence[InputFile]] = {}
    for folder, files in now.inputs.items():
        known = before["inputs"].get(folder)
        last = -1 if known is None else known["update"]
        old = [file for file in files if _update_of(folder, file) <= last]
        if known is None or _describe_files(folder, old)["files"] != known["files"]:
            return _more_than_new_rows(folder)
        new = [file for file in files if _update_of(folder, file) > last]
        if new:
            grown[folder] = new
    gone = sorted(set(before["inputs"]) - set(now.inputs))
    return _more_than_new_rows(gone[0]) if gone else grown


def table_folder(folder: str) -> str:
    """The folder of a table, from the folder of a version of its rows; the path of another folder."""
    path = PurePath(folder)
    return str(path.parent) if VERSION.fullmatch(path.name) and "tables" in path.parts[:-3] else folder


VERSION: Final = re.compile(r"v\d+")
"""The name of the folder of a version of a table."""


def _more_than_new_rows(folder: str) -> Obstacle:
    return Obstacle(f"`{_table_name(folder)}` has changed in more than new rows", "DATA_HAS_CHANGED")


def _table_name(folder: str) -> str:
    """The name of a table, from the folder of its rows; the path of another folder."""
    table = PurePath(table_folder(folder))
    return folder if str(table) == folder else ".".join(table.parts[-2:])


def _describe_files(folder: str, files: Sequence[InputFile]) -> dict[str, Any]:
    """The number of the last update that wrote files, and a hash of the files."""
    lines = sorted(f"{file.path} {file.size} {file.modified}" for file in files)
    last = max((_update_of(folder, file) for file in files), default=0)
    return {"update": last, "files": hashlib.sha256("\n".join(lines).encode()).hexdigest()}


def _update_of(folder: str, file: InputFile) -> int:
    """The number of the update that wrote a file; 0 if it has none."""
    first = first_part(folder, file)
    return int(first) if first.isdecimal() else 0


def first_part(folder: str, file: InputFile) -> str:
    """The name in a folder below which a file is; empty if the folder is that of another file, or the file itself."""
    path = PurePath(file.path)
    return "".join(path.relative_to(folder).parts[:1]) if path.is_relative_to(folder) else ""
