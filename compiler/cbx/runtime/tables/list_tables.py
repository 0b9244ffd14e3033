"""Lists the tables of the state folder, without reading their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cbx.runtime.errors import CannotRunError
from cbx.runtime.tables.parquet_rows import open_parquet
from cbx.runtime.tables.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from cbx.runtime.results import TableKind
    from cbx.runtime.tables.store import TableFolder

_ATTEMPTS = 5


class TableSummary(NamedTuple):
    """A table.

    Attributes:
        name: Its name, as its notebook spells it.
        kind: How it is filled.
        rows: How many rows it has.
        updated_at: When its last update was committed.
    """

    name: str
    kind: TableKind
    rows: int
    updated_at: datetime


def list_tables(state: Path) -> list[TableSummary]:
    """The tables, sorted by their names.

    Raises:
        CannotRunError: If there is none.
    """
    folders = tables(state)
    if not folders:
        raise CannotRunError(f"{state} has no tables", hint="run `cbx run` first")
    return [summary for key in sorted(folders) for summary in _summarize(folders[key])]


def _summarize(folder: TableFolder) -> Iterator[TableSummary]:
    """The summary of a table; nothing if it was removed meanwhile."""
    for attempt in range(_ATTEMPTS):
        try:
            table = folder.read_state()
            files = folder.row_files(table) if table is not None else []
            rows = open_parquet(files).count_rows() if files else 0
            summaries = [TableSummary(folder.name.written, table.kind, rows, folder.committed_at())] if table else []
        except FileNotFoundError:  # an update has switched the version of the table
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            yield from summaries
            return
