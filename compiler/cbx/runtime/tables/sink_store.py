"""The state of a sink, and the files of its last update until all of them are published.

    checkpoints/<schema>/<sink>/sink.json        which update was the last
    checkpoints/<schema>/<sink>/<number>/        how far each flow into it had read then
    checkpoints/<schema>/<sink>/files-<number>/  files of an update that are not yet in the sink

A sink of files changes as a table does (``store.py``): an update works on a copy of the checkpoints and writes its
files to a separate folder. Once ``sink.json`` names the update, its files are moved into the sink; if a kill interrupts
that, the next update finishes it first. Any other sink gets rows immediately, so its checkpoints are never reset.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.files.atomic_write import write_atomically
from cbx.runtime.tables.store import FORMAT, copy_by_links, read_document

if TYPE_CHECKING:
    from cbx.runtime.tables.store import TableFolder

_POINTER = "sink.json"


@dataclass(frozen=True, slots=True)
class SinkState:
    """The contents of ``sink.json``.

    Attributes:
        number: The last update.
        generation: The last full refresh.
        progress: The update whose checkpoints are current.
        target: The folder of the files of the last update.
        verdict: The results of the expectations of views in the last update that had rows, as JSON.
    """

    number: int = 0
    generation: int = 0
    progress: int = 0
    target: str | None = None
    verdict: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SinkFolder:
    """The folder of a sink in the state folder."""

    folder: TableFolder

    def read_state(self) -> SinkState:
        """The state of the sink, after publishing the files of its last update.

        Checkpoints without ``sink.json`` are those of an older version.
        """
        path = self.folder.checkpoints
        if not (path / _POINTER).exists():
            last = max((int(entry.name) for entry in path.glob("*") if entry.name.isdecimal()), default=0)
            self.commit(SinkState(last, last, last))
        document = read_document(path / _POINTER)
        document.pop("format")
        state = SinkState(**document)
        self._publish(state)
        self._tidy(state)
        return state

    def begin(self, state: SinkState, *, is_fresh: bool) -> SinkState:
        """Start an update on a copy of the checkpoints, or without checkpoints."""
        number = state.number + 1
        if is_fresh:
            return SinkState(number, number, number)
        copy_by_links(self.folder.progress(state.progress), self.folder.progress(number))
        return replace(state, number=number, progress=number)

    def commit(self, state: SinkState) -> None:
        """Commit an update, and move its files into the sink."""
        path = self.folder.checkpoints
        path.mkdir(parents=True, exist_ok=True)
        write_atomically(path / _POINTER, json.dumps({"format": FORMAT, **asdict(state)}, indent=1) + "\n")
        self._publish(state)
        self._tidy(state)

    def files(self, number: int) -> Path:
        """Where an update puts its files before the commit."""
        return self.folder.checkpoints / f"files-{number}"

    def _publish(self, state: SinkState) -> None:
        if state.target is None or not self.files(state.number).is_dir():
            return
        target = Path(state.target)
        target.mkdir(parents=True, exist_ok=True)
        for file in sorted(self.files(state.number).glob("[!_.]*")):
            _move(file, target / file.name)

    def _tidy(self, state: SinkState) -> None:
        keep = {_POINTER, str(state.progress)}
        for entry in self.folder.checkpoints.iterdir():
            if entry.name not in keep:
                shutil.rmtree(entry, ignore_errors=True)


def _move(file: Path, target: Path) -> None:
    """Move a file so that it appears as a whole, also from one file system to another."""
    try:
        file.replace(target)
    except OSError:
        temporary = target.with_name(f".{target.name}.new")
        shutil.copyfile(file, temporary)
        temporary.replace(target)
        file.unlink()
