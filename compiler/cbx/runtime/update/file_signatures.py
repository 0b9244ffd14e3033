"""Signatures of files: a hash of their paths, sizes and times, which shows whether any of them has changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cbx.files.storage import storage_scheme, without_file_scheme

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GLOB: Final = frozenset("*?[{")


def has_signature(landing: str) -> bool:
    """Whether it is known without an engine if files of a landing folder have changed: not on other storage."""
    return storage_scheme(landing) is None


def signature(landing: str, folder: Path) -> str:
    """A hash of a file, or of the files of a landing folder or glob, with their sizes and times.

    On other storage than that of this machine, it is always that of an empty folder.

    Args:
        landing: The path that is read.
        folder: The folder of relative paths.
    """
    if not has_signature(landing):
        return hash_texts(())
    root = plain_root(landing, folder)
    if root.is_file():
        return hash_texts([_stamp(str(root), root.stat())])
    return hash_texts(_stamps(str(root)))


def signature_of_folders(root: Path, names: Iterable[str]) -> str:
    """A hash of all files in some folders, with their sizes and times.

    Args:
        root: The folder of the folders.
        names: Their names; those that do not exist have no files.
    """
    return hash_texts(stamp for name in names for stamp in _stamps(str(root / name)))


def hash_texts(texts: Iterable[str]) -> str:
    """A hash of texts."""
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogateescape")).hexdigest()


def _stamps(folder: str, places: tuple[str, ...] = ()) -> Iterator[str]:
    """The files below a folder, each with its size and time, by name; also those behind links, as Spark reads them.

    Args:
        folder: The folder.
        places: The folder and its parents, without links, for links that lead back to one of them.
    """
    places = places or (os.path.realpath(folder),)
    try:
        with os.scandir(folder) as opened:
            entries = sorted(opened, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield f"{folder} {error.errno}"
        return
    folders = []
    for entry in entries:
        with contextlib.suppress(OSError):
            if entry.is_dir():
                folders.append(entry)
            else:
                yield _stamp(entry.path, entry.stat())
    for entry in folders:
        place = os.path.realpath(entry.path) if entry.is_symlink() else f"{places[-1]}/{entry.name}"
        if place not in places:
            yield from _stamps(entry.path, (*places, place))


def _stamp(path: str, status: os.stat_result) -> str:
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def plain_root(landing: str, folder: Path) -> Path:
    """The folder that contains all files of a landing folder or glob.

    Args:
        landing: The path that Auto Loader reads.
        folder: The folder of relative paths.
    """
    parts = Path(without_file_scheme(landing)).parts
    plain = next((index for index, part in enumerate(parts) if _GLOB & set(part)), len(parts))
    return folder.joinpath(*parts[:plain])
