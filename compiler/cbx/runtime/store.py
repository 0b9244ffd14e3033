"""The state folder: where a table's rows are, and how they change all at once.

    tables/<schema>/<table>/table.json       which version is the table, and how it was made
    tables/<schema>/<table>/<version>/...    its rows, as Parquet
    tables/<schema>/<table>/_.../            not yet, or no longer, part of the table
    checkpoints/<schema>/<table>/<version>/  how far each flow into it has read

``table.json`` is replaced in one step, so a reader, or a run after a kill, sees a table as it was or as it is
to be. A streaming table keeps its version and grows by folders, one a batch, each renamed into it in one step.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cbx.runtime.names import DatasetName

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
POINTER = "table.json"
STAGING = "_staging"


@dataclass(frozen=True, slots=True)
class TableState:
    """What ``table.json`` says.

    Attributes:
        name: The table's name as its notebook spells it.
        kind: ``streaming``, ``batch``, ``scd 1`` or ``scd 2``.
        version: The folder of its rows.
        number: Counts versions; never goes back.
        generation: The number of the version at which the table was started over; its flows' checkpoints and
            the checkpoints of those who stream from it belong to it.
        schema: Its columns, as Spark's JSON.
        flows: What each flow into it has to remember, by the flow's name.
        fingerprint: What the rows were made of; equal means that making them again gives the same.
    """

    name: str
    kind: str
    version: str
    number: int
    generation: int
    schema: str
    flows: dict[str, dict[str, Any]] = field(default_factory=dict)
    fingerprint: str | None = None

    @property
    def is_append_only(self) -> bool:
        """Whether rows only ever come to it, so that others can stream from it."""
        return self.kind == "streaming"


@dataclass(frozen=True, slots=True)
class TableFolder:
    """One table's place in the state folder."""

    state: Path
    name: DatasetName

    @property
    def path(self) -> Path:
        """The folder of the table's versions."""
        return self.state / "tables" / folder_name(self.name.schema) / folder_name(self.name.table)

    def current(self) -> TableState | None:
        """What the table is now; None if it has never been written."""
        try:
            document = json.loads((self.path / POINTER).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        document.pop("format")
        return TableState(**document)

    def rows(self, version: str) -> Path:
        """The folder of a version's rows."""
        return self.path / version

    def staging(self, purpose: str) -> Path:
        """An empty place for rows that are not yet part of the table; its parent is there."""
        folder = self.path / STAGING / purpose
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        return folder

    def internal(self, version: str) -> Path:
        """The folder of what a version of a CDC target remembers beside its rows."""
        return self.path / f"_state-{version}"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints of the flows into the table."""
        return self.state / "checkpoints" / folder_name(self.name.schema) / folder_name(self.name.table)

    def checkpoint(self, generation: int, flow: str) -> Path:
        """Where Spark keeps how far a flow has read."""
        return self.checkpoints / str(generation) / folder_name(flow)

    def schemas(self, generation: int, flow: str) -> Path:
        """Where Auto Loader keeps the schemas that it inferred for a flow."""
        return self.checkpoints / str(generation) / f"schemas-{folder_name(flow)}"

    def commit(self, table: TableState) -> None:
        """Make a version the table."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path / POINTER, json.dumps({"format": FORMAT, **asdict(table)}, indent=1) + "\n")

    def tidy(self) -> None:
        """Remove what is not part of the table: old versions, and what a killed run left behind."""
        table = self.current()
        keep = {POINTER} if table is None else {POINTER, table.version, self.internal(table.version).name}
        if self.path.is_dir():
            for entry in self.path.iterdir():
                if entry.name not in keep:
                    _remove(entry)
        if self.checkpoints.is_dir():
            for entry in self.checkpoints.iterdir():
                if table is None or entry.name != str(table.generation):
                    _remove(entry)


def tables(state: Path) -> dict[str, TableFolder]:
    """Every table that the state folder holds, by its key."""
    found = {}
    for pointer in sorted((state / "tables").glob(f"*/*/{POINTER}")):
        name = DatasetName.parse(json.loads(pointer.read_text(encoding="utf-8"))["name"])
        found[name.key] = TableFolder(state, name)
    return found


def folder_name(name: str) -> str:
    """A name as a folder's: what is not a letter, a digit, a dot or an underscore is spelt out.

    So is a dot or an underscore in front, since Spark passes over such folders.
    """
    spelt = [
        c if c.isascii() and (c.isalnum() or (c in "._" and index)) else f"-{ord(c):x}-"
        for index, c in enumerate(name.lower())
    ]
    return "".join(spelt)


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new, even after a power cut."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
