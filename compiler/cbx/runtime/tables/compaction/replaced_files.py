"""The files of single updates that a file with the rows of several updates has replaced.

    tables/<schema>/<table>/<version>/000001-000016/_replaced.json     their paths, sizes and times

They tell that the rows of a table are those that it had, though their files are others. So a materialized view that has
read them still knows which rows are new.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cbx.files.atomic_write import write_atomically
from cbx.runtime.refresh_rules.query_description import InputFile, first_part

if TYPE_CHECKING:
    from collections.abc import Iterable

_RECORD: Final = "_replaced.json"
"""Spark reads no file whose name starts with an underscore."""


def write_replaced_files(target: Path, rows: Path, files: Iterable[Path]) -> None:
    """Record which files a folder replaces.

    Args:
        target: The folder of several updates, before the commit.
        rows: The folder of the rows of the table.
        files: The files.
    """
    known = list_files_as_written(str(rows), [_input_file(file) for file in files])
    entries = [[Path(file.path).relative_to(rows).as_posix(), file.size, file.modified] for file in known]
    write_atomically(target / _RECORD, json.dumps(entries))


def list_files_as_written(folder: str, files: Iterable[InputFile]) -> list[InputFile]:
    """The files of a table as its updates wrote them, some of which have been replaced since then.

    Args:
        folder: The folder of the rows of the table.
        files: Its files now.
    """
    written: dict[InputFile, None] = {}
    records: dict[Path, list[InputFile] | None] = {}
    for file in files:
        update = first_part(folder, file)
        place = Path(folder, update)
        if "-" in update and place not in records:
            records[place] = _read_record(place, folder)
        replaced = records.get(place)
        written.update(dict.fromkeys([file] if replaced is None else replaced))
    return list(written)


def _read_record(place: Path, folder: str) -> list[InputFile] | None:
    """The files that a folder replaces; None if that is not known."""
    try:
        entries = json.loads((place / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return [InputFile(str(Path(folder, path)), size, modified) for path, size, modified in entries]


def _input_file(file: Path) -> InputFile:
    status = file.stat()
    return InputFile(str(file), status.st_size, status.st_mtime_ns)
