"""Tells paths of this machine from URLs of other storage, such as ``s3a://bucket/folder``."""

from __future__ import annotations

import re
from typing import Final

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(/+)")
"""Two letters or more: a drive of Windows has one."""
_FILE: Final = "file"


def storage_scheme(path: str) -> str | None:
    """The scheme of a URL whose files are in no file system of this machine, such as ``s3a``; None for other paths."""
    match = _URL.match(path)
    return None if match is None or match[1].lower() == _FILE else match[1]


def without_file_scheme(path: str) -> str:
    """A path of this machine that may be written as a URL, ``file:///mnt/shop``, as a plain path."""
    match = _URL.match(path)
    return path if match is None or match[1].lower() != _FILE else f"/{path[match.end() :]}"


def restore_slashes(path: str) -> str:
    """A URL that was taken for a path, and so has lost a slash, ``s3a:/bucket``, as it was written."""
    return _URL.sub(lambda match: f"{match[1]}://", path, count=1)
