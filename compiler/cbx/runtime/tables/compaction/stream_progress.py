"""How far streams have read a table: the folders of updates that their checkpoints name.

A stream reads all files that a table has when it starts. So what it has read is all rows up to an update, and the
folders of later updates are new. This holds for Spark and for Sail, whose checkpoints have the same format: the files
in ``sources/<number>/<batch>``, as JSON, one per line.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cbx.runtime.tables.store import TableFolder, TableState, UpdateFolder


def last_update_read(checkpoint: Path, folder: TableFolder, table: TableState) -> int:
    """The last update of a table of which a stream has read the rows; 0 if there is none.

    Args:
        checkpoint: The checkpoint of the stream.
        folder: The folder of the table.
        table: The table.
    """
    rows = folder.rows(table.version).relative_to(folder.state).as_posix()
    pattern = re.compile(rf"/{re.escape(rows)}/(?:\d+-)?(\d+)/".encode())
    batches = (file for file in checkpoint.glob("sources/*/[!.]*") if file.is_file())
    return max((int(number) for batch in batches for number in pattern.findall(batch.read_bytes())), default=0)


def updates_read(folder: TableFolder, table: TableState) -> frozenset[int]:
    """The last update that each stream of the state folder has read."""
    checkpoints = folder.state.glob("checkpoints/*/*/*/*/")
    return frozenset(last_update_read(checkpoint, folder, table) for checkpoint in checkpoints)


def updates_left_out(checkpoint: Path, folder: TableFolder, table: TableState) -> frozenset[UpdateFolder]:
    """The folders with rows of several updates that a stream has read one by one.

    Args:
        checkpoint: The checkpoint of the stream.
        folder: The folder of the table.
        table: The table.
    """
    if not table.compacted:
        return frozenset()
    last = last_update_read(checkpoint, folder, table)
    return frozenset(update for update in folder.updates(table) if update.first != update.last <= last)


def files_read(checkpoint: Path) -> frozenset[str]:
    """The files that the only stream of a flow has read, by URI; none if the flow has several streams.

    Args:
        checkpoint: The checkpoint of the flow.
    """
    sources = [*checkpoint.glob("sources/*/")]
    batches = (file for source in sources[:1] for file in source.glob("[!.]*"))
    texts = (batch.read_text(encoding="utf-8") for batch in batches) if len(sources) == 1 else ()
    entries = (json.loads(line) for text in texts for line in text.splitlines()[1:] if line)
    paths = (entry["path"] for entry in entries if isinstance(entry, dict) and "path" in entry)
    return frozenset("file:/" + path.removeprefix("file:").lstrip("/") for path in paths)
