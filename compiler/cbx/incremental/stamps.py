"""Detects changes of files without reading them.

A file's stamp is its size, its times and its inode. Equal stamps mean equal content, except for a file that was changed
twice within one tick of the file system's clock, once before it was read and once after. So a stamp is recorded only if
the file was at rest for longer than a tick; git calls the others racily clean, and like git we read them again.
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

_CODE = (".py", ".sql", ".yml", ".yaml")
_SOURCES = {"models": (*_CODE, ".toml"), "macros": _CODE, "seeds": (".toml", ".csv", ".yml", ".yaml")}
_COARSE = 1_000_000
_TICK, _COARSE_TICK = 100_000_000, 3_000_000_000

Stamp = tuple[int, int, int, int]
"""Size in bytes, time of the last change of the content and of the inode in nanoseconds, and the inode."""

NO_STAMP: Stamp = (0, 0, 0, 0)
"""Recorded for a file that was not at rest; no file has this stamp."""


class RecordedFiles(NamedTuple):
    """Files at the time of a compilation, by path: their stamps, and hashes of their contents."""

    stamps: Mapping[str, Stamp]
    digests: Mapping[str, str]

    def update(self, stamps: Mapping[str, Stamp], digests: Mapping[str, str] | None = None) -> RecordedFiles:
        """A copy with newer stamps and hashes of some files."""
        return RecordedFiles({**self.stamps, **stamps}, {**self.digests, **digests} if digests else self.digests)


class FileChanges(NamedTuple):
    """How files differ from recorded ones.

    Attributes:
        changed: The paths of files that were removed, added, or have another content.
        touched: New stamps of files whose content is the same.
    """

    changed: tuple[str, ...]
    touched: Mapping[str, Stamp]


def digest(content: bytes) -> str:
    """A hash of a file's content."""
    return hashlib.sha256(content).hexdigest()


def digest_of_text(content: bytes) -> str:
    """A hash of a file's text with normalised line ends; empty if the content is not text."""
    try:
        return digest(as_text(content).encode())
    except UnicodeError:
        return ""


def stamp_if_at_rest(stamp: Stamp | None, now: int) -> Stamp:
    """The stamp to record: `NO_STAMP` if the file changed within a tick before ``now``, in nanoseconds."""
    if stamp is None:
        return NO_STAMP
    changed = max(stamp[1], stamp[2])
    tick = _TICK if stamp[2] % _COARSE else _COARSE_TICK
    return stamp if changed + tick < now else NO_STAMP


def find_changes(
    root: Path, stamps: Mapping[str, Stamp], recorded: RecordedFiles, hash_content: Callable[[bytes], str], now: int
) -> FileChanges:
    """Compare files with recorded ones; only files with other stamps are read.

    Args:
        root: The folder that the paths are relative to.
        stamps: The stamps of the files now.
        recorded: The files at the time of the last compilation.
        hash_content: Computes the hashes of recorded files.
        now: The time in nanoseconds before the stamps were taken.
    """
    if stamps == recorded.stamps:
        return FileChanges((), {})
    changed = [path for path in recorded.stamps if path not in stamps]
    touched: dict[str, Stamp] = {}
    for path, stamp in stamps.items():
        if recorded.stamps.get(path) == stamp:
            continue
        if path in recorded.digests and _digest_at(root / path, hash_content) == recorded.digests[path]:
            touched[path] = stamp_if_at_rest(stamp, now)
        else:
            changed.append(path)
    return FileChanges(tuple(changed), touched)


def _digest_at(path: Path, hash_content: Callable[[bytes], str]) -> str:
    try:
        return hash_content(read_regular(path))
    except OSError:
        return ""


def source_stamps(root: Path) -> dict[str, Stamp] | None:
    """The stamps of all files that a compilation would read, by path; None if there are symbolic links."""
    stamps: dict[str, Stamp] = {}
    try:
        stamps[PROJECT_FILE] = stamp_of((root / PROJECT_FILE).stat())
        for folder, suffixes in _SOURCES.items():
            if (root / folder).is_symlink():
                return None
            for path, entry in _entries(root, folder, with_hidden=False):
                if entry.is_symlink():
                    return None
                if path.endswith(suffixes) and not path.endswith("/__init__.py"):
                    stamps[path] = stamp_of(entry.stat(follow_symlinks=False))
    except OSError:
        return None
    return stamps


def manifest_stamps(root: Path, paths: Iterable[str]) -> dict[str, Stamp]:
    """The stamps of the manifests of other projects among the files of a compilation; those that exist."""
    stamps: dict[str, Stamp] = {}
    for path in paths:
        if path.endswith(".json"):
            with suppress(OSError):
                stamps[path] = stamp_of((root / path).stat())
    return stamps


def artifact_stamps(root: Path) -> dict[str, Stamp]:
    """The stamps of the compiler's own files, by their paths under ``target/``.

    A file without read permission has none, so it counts as changed.
    """
    stamps: dict[str, Stamp] = {}
    for folder in OWN_FOLDERS:
        with suppress(OSError):
            for path, entry in _entries(root / TARGET, folder, with_hidden=True):
                if path.endswith(".py") and not entry.is_dir():
                    stamps[path] = stamp_of(entry.stat(follow_symlinks=False))
    return stamps | stamps_of(root, OWN_FILES)


def stamps_of(root: Path, paths: Iterable[str]) -> dict[str, Stamp]:
    """The stamps of files that exist, by their paths under ``target/``."""
    stamps: dict[str, Stamp] = {}
    for path in paths:
        try:
            stamps[path] = stamp_of(os.lstat(root / TARGET / path))
        except OSError:
            continue
    return stamps


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file."""
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _entries(root: Path, folder: str, *, with_hidden: bool) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The files and links in a folder and its subfolders."""
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
