"""Waiting until files change."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

_PAUSE = 0.5
_OWN_FOLDERS = frozenset({"target", "node_modules"})


def wait_for_change(paths: Sequence[Path]) -> None:
    """Return once a file below one of the paths is new, gone or different.

    Folders whose name starts with a dot (state, environments, repositories) and compiled output are not looked at.
    """
    before = _snapshot(paths)
    while True:
        time.sleep(_PAUSE)
        now = _snapshot(paths)
        if now != before:
            return


def _snapshot(paths: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    found: dict[Path, tuple[int, int]] = {}
    for path in paths:
        for file in _files(path):
            try:
                status = file.stat()
            except OSError:
                continue
            found[file] = (status.st_mtime_ns, status.st_size)
    return found


def _files(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith((".", "__")) and name not in _OWN_FOLDERS]
        yield from (Path(folder, name) for name in files)
