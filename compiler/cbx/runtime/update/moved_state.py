"""Lets streams continue after their state folder was moved or copied, alone or with its project.

Checkpoints name the files that a stream has read by absolute paths. So each update records where it ran:

    place.json     the state folder and the working folder of the last update
    _moved/        checkpoints with the paths of the new place, complete, until they have taken their places

If the state folder is somewhere else now, files below it have new paths. If it is at the same place in another project,
the project was moved with it: then a file of the project that was read counts as read at its new path, too.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cbx.files.atomic_write import write_atomically
from cbx.runtime.auto_loader.listing import file_uri, local_path
from cbx.runtime.outside.message_reads import MESSAGES
from cbx.runtime.outside.stored_messages import LEDGER
from cbx.runtime.tables.store import copy_by_links, read_document
from cbx.runtime.update.file_reads import MODULE_STREAMS

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE: Final = "place.json"
_HALF: Final = "_moving"
_WHOLE: Final = "_moved"
_FOLDERS: Final = ("checkpoints", MODULE_STREAMS, MESSAGES)
_URI: Final = "file:/"
_LONG_URI: Final = "file:///"


def follow_move(state: Path, working_folder: Path) -> str | None:
    """Give checkpoints the paths of the place where the state folder is now.

    A kill leaves the old checkpoints or the new ones; the next call continues.

    Args:
        state: The state folder, locked, as an absolute path without links.
        working_folder: The folder of relative paths.

    Returns:
        A sentence if the folder was moved.

    Raises:
        CannotRunError: If the record of the last update is corrupt.
    """
    _finish(state)
    place = state / PLACE
    here = {"state": str(state), "working_folder": str(working_folder.resolve())}
    before = read_document(place) if place.exists() else here
    if place.exists() and before == here:
        return None
    if before["state"] == here["state"]:
        write_atomically(place, json.dumps(here, indent=1) + "\n")
        return None
    _translate(state, _Move.of(before, here), here)
    _finish(state)
    return f"the state folder was moved here from {before['state']}; streams continue where they were"


@dataclass(frozen=True, slots=True)
class _Move:
    """A move of a state folder.

    Attributes:
        state: Where it was, and where it is.
        project: Where the working folder was, and where it is, if both moved together.
    """

    state: tuple[str, str]
    project: tuple[str, str] | None

    @classmethod
    def of(cls, before: dict[str, str], here: dict[str, str]) -> _Move:
        places = [_place_in(Path(record["state"]), Path(record["working_folder"])) for record in (before, here)]
        is_together = places[0] is not None and places[0] == places[1]
        project = (before["working_folder"], here["working_folder"]) if is_together else None
        return cls((before["state"], here["state"]), project)

    def paths(self, path: str) -> list[str]:
        """The paths of a file that was read: the new one, after the old one if other pipelines may name it so."""
        return self._new_names(path, lambda folder: folder)

    def uris(self, uri: str) -> list[str]:
        """The same for a URI such as ``file:/folder/name``."""
        return self._new_names(uri, file_uri)

    def _new_names(self, text: str, spell: Callable[[str], str]) -> list[str]:
        old, new = map(spell, self.state)
        if text.startswith(f"{old}/"):
            return [new + text[len(old) :]]
        if self.project is not None:
            old, new = map(spell, self.project)
            if text.startswith(f"{old}/"):
                return [text, new + text[len(old) :]]
        return [text]


def _place_in(state: Path, working_folder: Path) -> Path | None:
    """Where a state folder is in a working folder; None if it is outside."""
    return state.relative_to(working_folder) if state.is_relative_to(working_folder) else None


def _finish(state: Path) -> None:
    """Let complete new checkpoints take the places of the old ones."""
    shutil.rmtree(state / _HALF, ignore_errors=True)
    whole = state / _WHOLE
    if not whole.is_dir():
        return
    for name in _FOLDERS:
        if (whole / name).is_dir():
            shutil.rmtree(state / name, ignore_errors=True)
            (whole / name).rename(state / name)
    if (whole / PLACE).exists():
        (whole / PLACE).replace(state / PLACE)
    shutil.rmtree(whole)


def _translate(state: Path, move: _Move, here: dict[str, str]) -> None:
    """Write complete new checkpoints, which ``_finish`` finds."""
    half = state / _HALF
    half.mkdir(parents=True)
    for name in _FOLDERS:
        copy_by_links(state / name, half / name)
    for log in half.glob("checkpoints/*/*/*/*/sources/*"):
        for batch in log.iterdir():
            if batch.is_file() and batch.name.partition(".")[0].isdecimal():
                _rewrite(batch, _move_batch(batch.read_text(encoding="utf-8"), move))
    for files in (*half.glob("checkpoints/**/files.json"), *half.glob(f"{MODULE_STREAMS}/**/files.json")):
        _rewrite_document(files, lambda document: _move_loader_state(document, move))
    for sink in half.glob("checkpoints/*/*/sink.json"):
        _rewrite_document(sink, lambda document: _move_sink(document, move))
    for ledger in half.glob(f"{MESSAGES}/*/{LEDGER}"):
        _rewrite_document(ledger, lambda document: _move_ledger(document, move))
    (half / PLACE).write_text(json.dumps(here, indent=1) + "\n", encoding="utf-8")
    half.rename(state / _WHOLE)


def _rewrite(file: Path, text: str) -> None:
    """Replace a file, which is a link, and the checksum that Spark keeps beside it."""
    file.unlink()
    file.write_text(text, encoding="utf-8")
    file.with_name(f".{file.name}.crc").unlink(missing_ok=True)


def _rewrite_document(file: Path, move: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    _rewrite(file, json.dumps(move(read_document(file)), ensure_ascii=False, indent=1))


def _move_batch(text: str, move: _Move) -> str:
    """A batch of the log of files that a source has read."""
    version, *lines = text.split("\n")
    moved = [version]
    for line in lines:
        entry = json.loads(line) if line else None
        if not isinstance(entry, dict) or "path" not in entry:
            moved.append(line)
            continue
        uris = move.uris(str(entry["path"]).replace(_LONG_URI, _URI, 1))
        entries = [{**entry, "path": uri.replace(_URI, _LONG_URI, 1)} for uri in uris]
        moved += [json.dumps(each, separators=(",", ":"), ensure_ascii=False) for each in entries]
    return "\n".join(moved)


def _move_loader_state(document: dict[str, Any], move: _Move) -> dict[str, Any]:
    """The state of Auto Loader."""
    files = document.get("files", {}).items()
    moved: dict[str, Any] = {
        "files": {new: _stamp(new, stamp) for uri, stamp in files for new in move.uris(uri)},
        "header_of": {new: header for uri, header in document.get("header_of", {}).items() for new in move.uris(uri)},
    }
    skipped = document.get("skipped")
    if skipped is not None:
        moved["skipped"] = [new for uri in skipped for new in move.uris(uri)]
    return {**document, **moved}


def _stamp(uri: str, stored: list[int]) -> list[int]:
    """The size and the time of a landing file; copies may have other times, and are no changed files."""
    try:
        status = os.stat(local_path(uri) or uri)  # noqa: PTH116 - as `look_at` does
    except OSError:
        return stored
    return [status.st_size, status.st_mtime_ns] if status.st_size == stored[0] else stored


def _move_sink(document: dict[str, Any], move: _Move) -> dict[str, Any]:
    """The state of a sink, which may have files to publish."""
    target = document.get("target")
    return document if target is None else {**document, "target": move.paths(target)[-1]}


def _move_ledger(document: dict[str, Any], move: _Move) -> dict[str, Any]:
    """The files whose messages are stored."""
    return {**document, "files": [new for path in document["files"] for new in move.paths(path)]}
