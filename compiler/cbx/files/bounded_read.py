"""Reads user files within limits."""

from __future__ import annotations

import stat
from pathlib import Path

LARGEST = 1 << 28
"""The size of the largest file that is read, in bytes; a manifest of 50,000 models is smaller."""
_MOST_VALUES = 10_000_000


def read_regular(path: Path, most: int = LARGEST) -> bytes:
    """The content of a regular file; a pipe or a device might never end.

    Args:
        path: The file.
        most: The largest size, in bytes, that is read.

    Raises:
        OSError: If the file cannot be read, is not a regular file, or is larger.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is not a regular file")
    if status.st_size > most:
        raise OSError(0, f"it has {status.st_size:,} bytes, and at most {most:,} are read")
    return path.read_bytes()


def is_inside(root: Path, path: Path) -> bool:
    """Whether a path is in a folder after all links are followed; the path need not exist."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def check_document(content: bytes) -> None:
    """Refuse a JSON document with more values than fit in memory: a short document can have very many.

    Raises:
        ValueError: If the document is too large.
    """
    values = content.count(b",") + content.count(b"[") + 4 * content.count(b"{")
    if len(content) > LARGEST or values > _MOST_VALUES:
        reason = "too large to be a manifest"
        raise ValueError(reason)
