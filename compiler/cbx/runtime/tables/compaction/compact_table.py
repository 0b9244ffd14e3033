"""Replaces the small files of several updates of a streaming table by one file.

Streams that read the table must neither miss rows nor read them again. They know which updates they have read
(``stream_progress.py``), so the rows of updates are put together only if each stream has read all of them or none.

The new folder is written beside the table and becomes part of it with the commit of the update, which ``table.json``
records; then the folders of the single updates are removed. Readers of ``table.json`` see the ones or the other.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from cbx.runtime.tables.compaction.replaced_files import write_replaced_files
from cbx.runtime.tables.compaction.stream_progress import updates_read
from cbx.runtime.tables.parquet_rows import open_parquet
from cbx.runtime.tables.store import UpdateFolder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from cbx.runtime.tables.store import TableFolder, TableState

_LARGEST: Final = 128 << 20
"""The largest file, in bytes, that is written; larger ones are left alone."""
_SMALL: Final = 1 << 20
"""Files up to this size, in bytes, are always put together."""
_ROW_GROUP: Final = 64 << 20
"""The size of a row group in memory, in bytes."""
_UNSUPPORTED: Final = re.compile(r'"(?:variant|interval[^"]*|udt|geometry[^"]*|geography[^"]*)"')
"""Types, in the JSON of a schema, whose columns Arrow may write otherwise than Spark."""


class UpdateFiles(NamedTuple):
    """A folder of a table.

    Attributes:
        folder: Its updates.
        files: How many files it has.
        size: Their size in bytes.
    """

    folder: UpdateFolder
    files: int
    size: int


def compact_table(folder: TableFolder, table: TableState, most_files: int) -> TableState:
    """Write the rows of several updates together, if a streaming table has many small files.

    Args:
        folder: The folder of the table.
        table: The table after the update, which is not committed yet.
        most_files: From how many files on those of the latest updates are put together.

    Returns:
        The table, to be committed.
    """
    if not table.is_append_only or _UNSUPPORTED.search(table.schema):
        return table
    rows = folder.rows(table.version)
    updates = [_look_at(rows, update) for update in folder.updates(table) if update.last < table.number]
    if sum(update.files for update in updates) < most_files:
        return table
    compacted = {*table.compacted}
    for run in find_runs(updates, updates_read(folder, table), most_files // 2):
        whole = UpdateFolder(run[0].folder.first, run[-1].folder.last)
        files = [file for update in run for file in _row_files(rows / update.folder.name)]
        _write_together(files, folder.pending_compaction(whole))
        write_replaced_files(folder.pending_compaction(whole), rows, files)
        compacted = (compacted - {update.folder.name for update in run}) | {whole.name}
    return replace(table, compacted=tuple(sorted(compacted)))


def find_runs(updates: Sequence[UpdateFiles], cuts: Collection[int], most_files: int) -> Iterator[list[UpdateFiles]]:
    """Neighbouring updates whose rows are to be put together.

    From the latest on, folders are taken that are not much larger than all later ones together. So the rows of an
    update are written a few times only, however many updates follow.

    Args:
        updates: The folders of a table, in their order.
        cuts: The updates at which streams have stopped: those up to one stay apart from those after it.
        most_files: How many files stay as they are, if no more are to be put together.
    """
    for _, group in groupby(updates, key=lambda update: sum(cut < update.folder.first for cut in cuts)):
        run: list[UpdateFiles] = []
        files = size = 0
        for update in reversed([*group]):
            if size + update.size > _LARGEST or (run and update.size > 2 * size + _SMALL):
                break
            run.insert(0, update)
            files, size = files + update.files, size + update.size
        if len(run) > 1 and files >= most_files:
            yield run


def _look_at(rows: Path, update: UpdateFolder) -> UpdateFiles:
    files = _row_files(rows / update.name)
    return UpdateFiles(update, len(files), sum(file.stat().st_size for file in files))


def _row_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.parquet"))


def _write_together(files: Sequence[Path], folder: Path) -> None:
    """Write the rows of files as one file, with the time of the latest of them."""
    rows = open_parquet(files)
    target = folder / "rows.000000" / "part-00000.parquet"
    target.parent.mkdir(parents=True)
    with pq.ParquetWriter(target, rows.schema, compression="snappy", store_decimal_as_integer=True) as writer:
        for group in _row_groups(rows.batches()):
            writer.write_table(group)
    latest = max(file.stat().st_mtime_ns for file in files)
    os.utime(target, ns=(latest, latest))


def _row_groups(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Batches, put together to row groups of a good size."""
    waiting: list[pa.Table] = []
    for batch in batches:
        waiting.append(batch)
        if sum(table.nbytes for table in waiting) >= _ROW_GROUP:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)
