"""Reads the event log of the state folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cbx.runtime.errors import CannotRunError
from cbx.runtime.log.events import EVENTS_FILE

if TYPE_CHECKING:
    from pathlib import Path


def last_update(state: Path) -> list[dict[str, Any]]:
    """The events of the last update, oldest first.

    A kill can leave half a line at the end, which is ignored.

    Raises:
        CannotRunError: If there was none.
    """
    path = state / EVENTS_FILE
    if not path.is_file():
        raise CannotRunError(f"{state} has no events", hint="run `cbx run` first")
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    if not rows:
        raise CannotRunError(f"{path} has no events", hint="run `cbx run` first")
    update = rows[-1]["origin"]["update_id"]
    return [row for row in rows if row["origin"]["update_id"] == update]
