"""Reads the event log of the state folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cbx.runtime.errors import CannotRunError
from cbx.runtime.log.log_files import lines_from_end, log_files

if TYPE_CHECKING:
    from pathlib import Path


def last_update(state: Path) -> list[dict[str, Any]]:
    """The events of the last update, oldest first.

    A kill can leave half a line at the end, which is ignored. Earlier updates are not read.

    Raises:
        CannotRunError: If there was none.
    """
    files = [path for path in log_files(state) if path.is_file()]
    if not files:
        raise CannotRunError(f"{state} has no events", hint="run `cbx run` first")
    for path in files:  # the latest has no event if a kill came before the first one
        rows: list[dict[str, Any]] = []
        for line in lines_from_end(path):
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue
            if rows and row["origin"]["update_id"] != rows[-1]["origin"]["update_id"]:
                break
            rows.append(row)
        if rows:
            return rows[::-1]
    raise CannotRunError(f"{files[0]} has no events", hint="run `cbx run` first")
