"""Telling whether a file changed without reading it.

A file's stamp is its size, its times and its inode. Equal stamps mean equal content, save for a file that was changed
twice within one tick of the file system's clock, once before it was read and once after. So a stamp is only kept where
the file had been at rest for longer than a tick; git knows the others as racily clean, and like git we read them again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cbx.diagnostics.source_files import as_text
from cbx.files.bounded_read import read_regular
from cbx.project.find_project import PROJECT_FILE
from cbx.target.layout import OWN_FILES, OWN_FOLDERS, TARGET

_COARSE = 1_000_000
_TICK, _COARSE_TICK = 100_000_000, 3_000_000_000

Stamp = tuple[int, int, int, int]
"""Size in bytes, time of the last change of the content and of the inode in nanoseconds, and the inode."""

NO_STAMP: Stamp = (0, 0, 0, 0)
"""Stands for one that would not tell of later changes; no file has it."""


class Seen(NamedTuple):
    """Files as they were seen, by path: their stamps, and hashes of their contents."""

    stamps: Mapping[str, Stamp]
    digests: Mapping[str, str]

    def updated(self, stamps: Mapping[str, Stamp], digests: Mapping[str, str] | None = None) -> Seen:
        """The same with some of them as they were seen later."""
        return Seen({**self.stamps, **stamps}, {**self.digests, **digests} if digests else self.digests)


class FileChanges(NamedTuple):
    """What became of files since they were seen.

    Attributes:
        changed: Those that are gone, new, or have another content.
        touched: The stamps of those that had to be read to tell that they are the same.
    """

    changed: tuple[str, ...]
    touched: Mapping[str, Stamp]


def digest(content: bytes) -> str:
    """A hash of a file's content."""
    return hashlib.sha256(content).hexdigest()


def digest_of_text(content: bytes) -> str:
    """A hash of a file's text, however its lines end; empty for what is not text."""
    try:
        return digest(as_text(content).encode())
    except UnicodeError:
        return ""


def at_rest(stamp: Stamp | None, now: int) -> Stamp:
    """A stamp as it is remembered; ``now`` is the time in nanoseconds before it was taken."""
    if stamp is None:
        return NO_STAMP
    changed = max(stamp[1], stamp[2])
    tick = _TICK if stamp[2] % _COARSE else _COARSE_TICK
    return stamp if changed + tick < now else NO_STAMP


def compare(
    root: Path, stamps: Mapping[str, Stamp], known: Seen, hashed: Callable[[bytes], str], now: int
) -> FileChanges:
    """Hold files against what was seen of them; only those are read whose stamps do not tell.

    Args:
        root: The folder that the paths are relative to.
        stamps: The stamps of the files that are there now.
        known: The files as they were seen.
        hashed: The hash that they were seen with.
        now: The time in nanoseconds before the stamps were taken.
    """
    if stamps == known.stamps:
        return FileChanges((), {})
    changed = [path for path in known.stamps if path not in stamps]
    touched: dict[str, Stamp] = {}
    for path, stamp in stamps.items():
        if known.stamps.get(path) == stamp:
            continue
        if path in known.digests and _digest_at(root / path, hashed) == known.digests[path]:
            touched[path] = at_rest(stamp, now)
        else:
            changed.append(path)
    return FileChanges(tuple(changed), touched)


def _digest_at(path: Path, hashed: Callable[[bytes], str]) -> str:
    try:
        return hashed(read_regular(path))
    except OSError:
        return ""


def source_stamps(root: Path) -> dict[str, Stamp] | None:
    """The stamps of all files that a compilation would read, by path; None where links make that hard to say."""
    found: dict[str, Stamp] = {}
    try:
        found[PROJECT_FILE] = stamp_of((root / PROJECT_FILE).stat())
        for folder in ("models", "macros"):
            if (root / folder).is_symlink():
                return None
            for path, entry in _entries(root, folder, with_hidden=False):
                if entry.is_symlink():
                    return None
                if path.endswith((".py", ".sql", ".yml", ".yaml")) and not path.endswith("/__init__.py"):
                    found[path] = stamp_of(entry.stat(follow_symlinks=False))
    except OSError:
        return None
    return found


def artifact_stamps(root: Path) -> dict[str, Stamp]:
    """The stamps of the compiler's own files, by their paths under ``target/``.

    What may not be looked at has none, so it counts as changed.
    """
    found: dict[str, Stamp] = {}
    for folder in OWN_FOLDERS:
        with suppress(OSError):
            for path, entry in _entries(root / TARGET, folder, with_hidden=True):
                if path.endswith(".py") and not entry.is_dir():
                    found[path] = stamp_of(entry.stat(follow_symlinks=False))
    return found | stamps_of(root, OWN_FILES)


def stamps_of(root: Path, paths: Iterable[str]) -> dict[str, Stamp]:
    """The stamps of files, by their paths under ``target/``; none of those that are not there."""
    found: dict[str, Stamp] = {}
    for path in paths:
        try:
            found[path] = stamp_of(os.lstat(root / TARGET / path))
        except OSError:
            continue
    return found


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file."""
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _entries(root: Path, folder: str, *, with_hidden: bool) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The files and links in a folder and below it."""
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            entries = list(os.scandir(root / current))
        except FileNotFoundError:
            continue
        for entry in entries:
            name = entry.name
            if name == "__pycache__" or (name[0] == "." and not with_hidden):
                continue
            path = f"{current}/{name}"
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)
            else:
                yield path, entry
