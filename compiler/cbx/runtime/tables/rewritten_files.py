"""The files of a version of a table that the next version does not have, and those that it has instead.

    tables/<schema>/<table>/_rewrite-<version>/rewrite.json     the versions and their files
    tables/<schema>/<table>/_rewrite-<version>/*.parquet        links to the files of the version before

An update that writes only some files again links the others. What it replaces is kept until the next version, so that
views that have read the version before can find the rows that have changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.files.atomic_write import write_atomically
from cbx.runtime.refresh_rules.query_description import InputFile, Rewrite, describe_files
from cbx.runtime.tables.compaction.replaced_files import list_files_as_written
from cbx.runtime.tables.store import REWRITE, link_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cbx.runtime.tables.store import TableFolder, TableState

_RECORD = "rewrite.json"


def record_rewrite(folder: TableFolder, before: TableState | None, after: TableState) -> None:
    """Record which files an update replaces, before its commit, if it takes over most of the table.

    Args:
        folder: The folder of the table.
        before: The table before the update; None if it has none.
        after: The table to be committed, whose files are in place.
    """
    if before is None or before.version == after.version or before.schema != after.schema:
        return
    old, new = folder.row_files(before), folder.row_files(after)
    inodes = [{_inode(file) for file in files} for files in (old, new)]
    removed = [file for file in old if _inode(file) not in inodes[1]]
    added = [file for file in new if _inode(file) not in inodes[0]]
    if len(removed) == len(old) or 2 * _size(removed) > _size(old):
        return
    target = folder.rewrite(after.version)
    target.mkdir(parents=True)
    for number, file in enumerate(removed):
        link_file(file, target / f"{number:05d}.parquet")
    document = {
        "folder": str(folder.rows(before.version)),
        "before": _describe(folder.rows(before.version), old),
        "after": _describe(folder.rows(after.version), new),
        "added": [file.relative_to(folder.rows(after.version)).as_posix() for file in added],
    }
    write_atomically(target / _RECORD, json.dumps(document))


def find_rewrite(rows: str) -> Rewrite | None:
    """How an update has made a version of a table of files of the version before; None if that is not known.

    Args:
        rows: The folder of the rows of the version.
    """
    place = Path(rows).parent / f"{REWRITE}{Path(rows).name}"
    try:
        document = json.loads((place / _RECORD).read_text(encoding="utf-8"))
        removed = [_input_file(file) for file in sorted(place.glob("*.parquet"))]
        added = [_input_file(Path(rows, name)) for name in document["added"]]
    except (OSError, ValueError):
        return None
    return Rewrite(document["folder"], document["before"], document["after"], removed, added)


def _describe(rows: Path, files: Iterable[Path]) -> dict[str, Any]:
    return describe_files(str(rows), list_files_as_written(str(rows), map(_input_file, files)))


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _inode(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_dev, status.st_ino


def _input_file(file: Path) -> InputFile:
    status = file.stat()
    return InputFile(str(file), status.st_size, status.st_mtime_ns)
