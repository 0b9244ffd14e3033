"""The files of the event log: ``events.jsonl``, and older ones that it was renamed to when it was large.

    events.jsonl      the latest updates
    events-1.jsonl    those before
    events-4.jsonl    the oldest that are kept

A file is renamed between two updates, so all events of an update are in one file. A reader that has opened a file goes
on reading it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS_FILE: Final = "events.jsonl"
LARGEST: Final = 16 << 20
"""The size, in bytes, from which a file is renamed."""
KEPT: Final = 4
"""How many older files are kept."""
_BLOCK: Final = 1 << 16


def log_files(state: Path) -> list[Path]:
    """The paths of the files, the latest first, whether they exist or not."""
    return [state / EVENTS_FILE, *(state / f"events-{number}.jsonl" for number in range(1, KEPT + 1))]


def start_log_file(state: Path, largest: int = LARGEST) -> Path:
    """The file for the events of an update, which starts with a new line.

    A kill can leave half a line at its end, and files of which some have been renamed.

    Args:
        state: The state folder, which this process has locked.
        largest: The size, in bytes, from which the file is renamed.
    """
    files = log_files(state)
    latest = files[0]
    size = latest.stat().st_size if latest.is_file() else 0
    if size >= largest:
        free = next((number for number in range(1, KEPT) if not files[number].exists()), KEPT)
        for number in range(free, 0, -1):
            files[number - 1].replace(files[number])
    elif size:
        with latest.open("rb+") as file:
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.write(b"\n")
    return latest


def lines_from_end(path: Path) -> Iterator[str]:
    """The lines of a file, the last one first, reading no more of it than is asked for."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        rest = b""
        while position:
            start = max(position - _BLOCK, 0)
            file.seek(start)
            first, *others = (file.read(position - start) + rest).split(b"\n")
            yield from (line.decode("utf-8", errors="replace") for line in reversed(others))
            position, rest = start, first
        yield rest.decode("utf-8", errors="replace")
