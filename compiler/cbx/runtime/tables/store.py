"""The state folder: the files of tables, which an update changes atomically.

    tables/<schema>/<table>/table.json         which version is the table, and how it was made
    tables/<schema>/<table>/<version>/...      its rows, as Parquet
    tables/<schema>/<table>/_.../              not yet, or no longer, part of the table
    checkpoints/<schema>/<table>/<number>/     how far each flow into it has read

An update of a table is atomic. It works on a copy of the checkpoints and writes rows to a folder that is not read;
then ``table.json`` names both in one step, which is the commit. A failed or killed update leaves only what
``table.json`` does not name, which the next update removes. So the checkpoints and the rows always belong together,
and the number of a micro-batch has no meaning outside its update.

A streaming table keeps its version and grows by folders, one per update, each renamed into it in one step. The folders
of several updates may be replaced by one, such as ``000001-000016``, which ``table.json`` names (``compaction/``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cbx.diagnostics.codes import NEEDS_FULL_REFRESH
from cbx.files.atomic_write import write_atomically
from cbx.runtime.errors import CannotRunError
from cbx.runtime.names import DatasetName
from cbx.runtime.tables.flow_memory import FlowMemory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cbx.runtime.results import TableKind

FORMAT = 2
POINTER = "table.json"
STAGING = "_staging"
REWRITE = "_rewrite-"
_CHANGE = "change-"


@dataclass(frozen=True, slots=True)
class TableState:
    """The contents of ``table.json``.

    Attributes:
        name: The table's name as its notebook spells it.
        kind: How it is filled.
        version: The folder of its rows.
        number: Counts versions and updates; never goes back.
        generation: The number of the last full refresh; the checkpoints of flows that stream from the table belong to
            it.
        schema: Its columns, as Spark's JSON.
        flows: The memory of each flow into it, by the flow's name.
        fingerprint: Earlier versions of cbx kept here what the rows depend on.
        query: What the rows of a batch table depend on, as JSON; None if not all of it is known.
        progress: The number of the update whose checkpoints belong to the rows.
        verdict: The results of the expectations in the last update that had rows, as JSON.
        compacted: The folders that have the rows of several updates.
    """

    name: str
    kind: TableKind
    version: str
    number: int
    generation: int
    schema: str
    flows: Mapping[str, FlowMemory] = field(default_factory=dict)
    fingerprint: str | None = None
    progress: int = 0
    verdict: dict[str, Any] | None = None
    query: dict[str, Any] | None = None
    compacted: tuple[str, ...] = ()

    @property
    def is_append_only(self) -> bool:
        """Whether rows are only appended, so that others can stream from it."""
        return self.kind == "streaming"

    def memory(self, flow: str) -> FlowMemory:
        """The memory of a flow into the table."""
        return self.flows.get(flow, FlowMemory())

    def remember(self, flow: str, memory: FlowMemory) -> TableState:
        """The table with another memory of a flow."""
        return replace(self, flows={**self.flows, flow: memory})

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> TableState:
        """The table in a document of ``document``."""
        flows = {flow: FlowMemory.read(memory) for flow, memory in document.get("flows", {}).items()}
        compacted = tuple(document.get("compacted", ()))
        return cls(**{**document, "flows": flows, "compacted": compacted})

    def document(self) -> dict[str, Any]:
        """The table as a JSON object."""
        flows = {flow: memory.document() for flow, memory in self.flows.items()}
        return {**{attribute.name: getattr(self, attribute.name) for attribute in fields(self)}, "flows": flows}


@dataclass(frozen=True, slots=True)
class TableFolder:
    """The folder of one table in the state folder."""

    state: Path
    name: DatasetName

    @property
    def path(self) -> Path:
        """The folder of the table's versions."""
        return self.state / "tables" / folder_name(self.name.schema) / folder_name(self.name.table)

    def read_state(self) -> TableState | None:
        """The table; None if it has never been written.

        Raises:
            CannotRunError: If another version of cbx wrote it, or it is corrupt.
        """
        document = self._document()
        if document is None:
            return None
        if document.pop("format", None) != FORMAT:
            raise CannotRunError(
                f"`{self.name.written}` was written by another version of cbx",
                hint=f"run with --full-refresh --select {self.name.key}",
                code=NEEDS_FULL_REFRESH,
            )
        return TableState.read(document)

    def next_number(self) -> int:
        """The number of the next update, greater than any before."""
        document = self._document()
        return 1 if document is None else int(document["number"]) + 1

    def _document(self) -> dict[str, Any] | None:
        try:
            return read_document(self.path / POINTER)
        except FileNotFoundError:
            return None

    def rows(self, version: str) -> Path:
        """The folder of a version's rows."""
        return self.path / version

    def row_files(self, table: TableState) -> list[Path]:
        """The files of a version's rows, without those of an update that was not committed."""
        folder = self.rows(table.version)
        return sorted(file for file in folder.rglob("*.parquet") if _has(table, file.relative_to(folder).parts[0]))

    def updates(self, table: TableState) -> list[UpdateFolder]:
        """The folders of a version's rows, each with the rows of one or several updates, in their order."""
        names = (entry.name for entry in _entries(self.rows(table.version)) if _has(table, entry.name))
        return sorted(folder for folder in map(UpdateFolder.parse, names) if folder is not None)

    def pending_folder(self, number: int) -> Path:
        """Where an update puts new rows of a streaming table, which are not part of it before the commit."""
        return self.path / STAGING / f"{number:06d}"

    def pending_compaction(self, folder: UpdateFolder) -> Path:
        """Where the rows of several updates are written together, which are not part of the table before the commit."""
        return self.path / STAGING / folder.name

    def changes(self, generation: int) -> Path:
        """The folder of the changes since a full refresh, for streams that read them."""
        return self.path / f"_changes-{generation}"

    def change(self, generation: int, number: int) -> Path:
        """The folder of the changes of one update."""
        return self.changes(generation) / f"{_CHANGE}{number:08d}"

    def committed_at(self) -> datetime:
        """When the last update was committed."""
        return datetime.fromtimestamp((self.path / POINTER).stat().st_mtime, timezone.utc)

    def merge_state_folder(self, version: str) -> Path:
        """The folder of the merge state of a version of an AUTO CDC target."""
        return self.path / f"_state-{version}"

    def rewrite(self, version: str) -> Path:
        """The folder of what a version replaces of the one before (``rewritten_files.py``)."""
        return self.path / f"{REWRITE}{version}"

    def drop_version(self, version: str) -> None:
        """Remove a version of an AUTO CDC target that was replaced before the commit."""
        for folder in (self.rows(version), self.merge_state_folder(version)):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints of the flows into the table."""
        return self.state / "checkpoints" / folder_name(self.name.schema) / folder_name(self.name.table)

    def progress(self, number: int) -> Path:
        """The folder of the checkpoints, and of Auto Loader's schemas, of an update."""
        return self.checkpoints / str(number)

    def begin(self, table: TableState | None) -> int:
        """Start an update, on a copy of the checkpoints.

        Args:
            table: The table; None for a full refresh.

        Returns:
            The number of the update.
        """
        self.tidy()
        number = self.next_number()
        if table is not None:
            copy_by_links(self.progress(table.progress), self.progress(number))
        return number

    def commit(self, table: TableState) -> None:
        """Make a version, with the new rows of the update, the table."""
        rows, pending = self.rows(table.version), self.pending_folder(table.number)
        rows.mkdir(parents=True, exist_ok=True)
        for staged in (self.path / STAGING / name for name in table.compacted):
            if staged.is_dir():
                staged.rename(rows / staged.name)
        if pending.is_dir():
            pending.rename(rows / pending.name)
        write_atomically(self.path / POINTER, json.dumps({"format": FORMAT, **table.document()}, indent=1) + "\n")

    def tidy(self) -> None:
        """Remove old versions, and the files of failed or killed updates.

        Raises:
            OSError: If uncommitted rows, which others would read, cannot be removed.
        """
        document = self._document()
        if document is not None and document.get("format") != FORMAT:
            return
        table = self.read_state()
        keep = {POINTER}
        if table is not None:
            merge_state, changes = self.merge_state_folder(table.version), self.changes(table.generation)
            keep |= {table.version, merge_state.name, changes.name, self.rewrite(table.version).name}
        for entry in _entries(self.path):
            if entry.name not in keep:
                _remove(entry)
        if table is not None:
            rows = (entry for entry in _entries(self.rows(table.version)) if not _has(table, entry.name))
            folders = _entries(self.changes(table.generation))
            changes_after = (entry for entry in folders if _is_after(table, entry.name.removeprefix(_CHANGE)))
            for entry in (*rows, *changes_after):
                shutil.rmtree(entry)
        for entry in _entries(self.checkpoints):
            if table is None or entry.name != str(table.progress):
                _remove(entry)


class UpdateFolder(NamedTuple):
    """A folder with the rows of one update, or of all from a first to a last one."""

    first: int
    last: int

    @classmethod
    def parse(cls, name: str) -> UpdateFolder | None:
        """The folder of a name such as ``000016`` or ``000001-000016``; None for other names."""
        match = _UPDATES.fullmatch(name)
        return None if match is None else cls(int(match[1]), int(match[2] or match[1]))

    @property
    def name(self) -> str:
        """The name of the folder."""
        return f"{self.first:06d}" if self.first == self.last else f"{self.first:06d}-{self.last:06d}"


_UPDATES = re.compile(r"(\d+)(?:-(\d+))?")


def _has(table: TableState, name: str) -> bool:
    """Whether a folder or file in the folder of a version has rows of it.

    It has not if its update was not committed, if its rows are in another folder with those of other updates, or if it
    is such a folder and was not committed.
    """
    folder = UpdateFolder.parse(name)
    if folder is None or name in table.compacted:
        return True
    if folder.first != folder.last or _is_after(table, name):
        return False
    others = filter(None, map(UpdateFolder.parse, table.compacted))
    return not any(other.first <= folder.first <= other.last for other in others)


def _is_after(table: TableState, folder: str) -> bool:
    """Whether a folder of rows is that of an update that was not committed."""
    return folder.isdecimal() and int(folder) > table.number


def tables(state: Path) -> dict[str, TableFolder]:
    """Every table of the state folder, by its key."""
    folders = {}
    for pointer in sorted((state / "tables").glob(f"*/*/{POINTER}")):
        name = DatasetName.parse(read_document(pointer)["name"])
        folders[name.key] = TableFolder(state, name)
    return folders


def read_document(path: Path) -> dict[str, Any]:
    """Read a JSON file of the state folder.

    Raises:
        CannotRunError: If it is corrupt, as a power cut or a full disk can leave a file.
    """
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        hint = f"delete {path.parent} and run with --full-refresh"
        raise CannotRunError(f"{path} is corrupt", hint=hint, code=NEEDS_FULL_REFRESH) from None
    return document


def recover(state: Path) -> None:
    """Remove the files of killed updates from all tables."""
    for folder in tables(state).values():
        folder.tidy()


def folder_name(name: str) -> str:
    """The folder name of a dataset: characters other than letters, digits, dots and underscores are escaped.

    So are leading dots and underscores, since Spark ignores such folders.
    """
    escaped = [
        c if c.isascii() and (c.isalnum() or (c in "._" and index)) else f"-{ord(c):x}-"
        for index, c in enumerate(name.lower())
    ]
    return "".join(escaped)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def copy_by_links(source: Path, target: Path) -> None:
    """Copy a folder of checkpoints, if it exists. Spark never changes their files in place, so hard links suffice."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=link_file)


def link_file(source: str | Path, target: str | Path) -> None:
    """Link a file, or copy it where links are not possible. A copy appears when it is whole, even after a kill."""
    try:
        os.link(source, target)
    except OSError:
        whole = Path(target)
        copy = whole.with_name(f".{whole.name}.new")
        shutil.copy2(source, copy)
        copy.replace(whole)
