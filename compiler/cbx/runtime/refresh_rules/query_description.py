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


class Rewrite(NamedTuple):
    """A version of a table of which an update wrote some files again, and took over the others.

    Attributes:
        folder: The folder of the version before.
        before: What ``describe_files`` gave for that version.
        after: What it gives for the new version, as it was committed.
        removed: The files that the new version does not have; copies of them are kept.
        added: The files that it has instead.
    """

    folder: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    removed: Sequence[InputFile]
    added: Sequence[InputFile]


class InputChanges(NamedTuple):
    """How the inputs of a query have changed.

    Attributes:
        added: The files with new rows, by the folder of the input. Of a rewritten input they have old rows, too.
        removed: The files whose rows an input no longer has, but for those that it has in new files.
    """

    added: dict[str, Sequence[InputFile]]
    removed: dict[str, Sequence[InputFile]]


@dataclass(frozen=True, slots=True)
class QueryDescription:
    """What the rows of a query depend on.

    Attributes:
        definition: A hash of the query, the expectations, the columns and the settings; None if the rows depend on
            something that is not known.
        inputs: The files that are read, by the folder from which they are read.
        relations: The folder of each relation of the query's plan, in the order of the plan.
        obstacle: What is not known; None if there is nothing.
        rewrites: How the last update has changed inputs of which it wrote only some files, by the folder of the input.
    """

    definition: str | None
    inputs: Mapping[str, Sequence[InputFile]] = field(default_factory=dict)
    relations: tuple[str, ...] = ()
    obstacle: Obstacle | None = None
    rewrites: Mapping[str, Rewrite] = field(default_factory=dict)

    def document(self) -> dict[str, Any] | None:
        """The description as a JSON object; None if not everything is known."""
        if self.definition is None:
            return None
        inputs = {folder: describe_files(folder, files) for folder, files in self.inputs.items()}
        return {"definition": self.definition, "inputs": inputs}


def find_changes(before: Mapping[str, Any] | None, now: QueryDescription) -> InputChanges | Obstacle:
    """How the inputs have changed since the last refresh.

    The folder of a table that grows has a folder for each update, named as its number. It has grown if the files of
    updates until the last refresh are the same. A table of which some files were written again is in another folder.

    Args:
        before: The document of the description then; None if it was not known.
        now: The description now.

    Returns:
        The changes: none if nothing has changed that the rows depend on. An obstacle if they are not known.
    """
    if now.obstacle is not None:
        return now.obstacle
    if before is None:
        return Obstacle("what it read at its last refresh is not known", "PRIOR_TIMESTAMP_MISSING")
    if before["definition"] != now.definition:
        return Obstacle("its query, its expectations or a setting changed", "QUERY_FINGERPRINT_CHANGED")
    changes, gone = InputChanges({}, {}), set(before["inputs"]) - set(now.inputs)
    for folder, files in now.inputs.items():
        known, rewrite = before["inputs"].get(folder), now.rewrites.get(folder)
        if known is None and rewrite is not None and before["inputs"].get(rewrite.folder) == rewrite.before:
            known = rewrite.after
            gone.discard(rewrite.folder)
        else:
            rewrite = None
        last = -1 if known is None else known["update"]
        old = [file for file in files if _update_of(folder, file) <= last]
        if known is None or describe_files(folder, old)["files"] != known["files"]:
            return _more_than_new_rows(folder)
        new = [file for file in files if _update_of(folder, file) > last]
        new += [] if rewrite is None else [file for file in rewrite.added if file not in new]
        if new:
            changes.added[folder] = new
        if rewrite is not None and rewrite.removed:
            changes.removed[folder] = rewrite.removed
    return _more_than_new_rows(min(gone)) if gone else changes


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


def describe_files(folder: str, files: Sequence[InputFile]) -> dict[str, Any]:
    """The number of the last update that wrote files below a folder, and a hash of the files."""
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
