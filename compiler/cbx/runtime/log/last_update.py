"""Reads the event log of the state folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cbx.runtime.errors import CannotRunError
from cbx.runtime.log.log_files import lines_from_end, log_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_MOST_EVENTS = 100_000
"""Of the updates before the last one, so that a long log of a large pipeline is not read as a whole."""


def last_update(state: Path) -> list[dict[str, Any]]:
    """The events of the last update, oldest first. Earlier updates are not read.

    Raises:
        CannotRunError: If there was none.
    """
    return last_updates(state, 1)[0]


def last_updates(state: Path, most: int) -> list[list[dict[str, Any]]]:
    """The events of the last updates, oldest first.

    A kill can leave half a line at the end, which is ignored.

    Args:
        state: The state folder.
        most: The largest number of updates; fewer if they have very many events.

    Raises:
        CannotRunError: If there was none.
    """
    files = [path for path in log_files(state) if path.is_file()]
    if not files:
        raise CannotRunError(f"{state} has no events", hint="run `cbx run` first")
    updates: list[list[dict[str, Any]]] = []
    for row in _rows_from_end(files):
        if not updates or row["origin"]["update_id"] != updates[-1][-1]["origin"]["update_id"]:
            if len(updates) == most or sum(map(len, updates[1:])) > _MOST_EVENTS:
                break
            updates.append([])
        updates[-1].append(row)
    if not updates:
        raise CannotRunError(f"{files[0]} has no events", hint="run `cbx run` first")
    return [rows[::-1] for rows in updates[::-1]]


def _rows_from_end(files: list[Path]) -> Iterator[dict[str, Any]]:
    """The events of the log, the latest first; the latest file has none if a kill came before the first one."""
    for path in files:
        for line in lines_from_end(path):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue
