"""Reading tables of the state folder without Spark, to show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.types as kinds  # type: ignore[import-untyped]

from cbx.diagnostics.codes import UNKNOWN_TABLE
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.errors import CannotRunError
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.tables.parquet_rows import ParquetRows, open_parquet
from cbx.runtime.tables.sorted_rows import all_rows_of, first_rows_of
from cbx.runtime.tables.store import TableFolder, folder_name, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow.compute as pc  # type: ignore[import-untyped]

_ATTEMPTS = 5
_NO_IDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Peek:
    """Some rows of a table, and how many it has in all.

    Attributes:
        schema: The columns.
        shown: How many rows these are.
        total: How many rows the table has.
        batches: The rows, which can be read once.
    """

    schema: pa.Schema
    shown: int
    total: int
    batches: Iterator[pa.Table]

    @classmethod
    def of(cls, rows: pa.Table, total: int) -> Peek:
        """Rows in memory, of which there are more in all."""
        return cls(rows.schema, rows.num_rows, total, iter([rows]))

    def read_all(self) -> pa.Table:
        """The rows in memory; once."""
        return pa.concat_tables([self.schema.empty_table(), *self.batches])


def peek_table(state: Path, name: str, limit: int, datasets: Mapping[str, str] = _NO_IDS) -> Peek:
    """The first rows of a table, ordered by its columns from left to right, with the memory of a part of them.

    Args:
        state: The state folder.
        name: The table or its model, in any case.
        limit: How many rows; 0 for all.
        datasets: The tables of models, by the models' ids.

    Raises:
        CannotRunError: If there is no such table.
    """
    folder = find_table(state, name, datasets)
    for attempt in range(_ATTEMPTS):
        try:
            rows = _ShownRows(_open(folder))
            if limit:
                return Peek.of(first_rows_of(rows, limit), rows.count)
            return Peek(rows.schema, rows.count, rows.count, all_rows_of(rows))
        except FileNotFoundError:  # an update has switched the version of the table
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError  # the last attempt returns or raises


def first_rows(state: Path, name: str, limit: int) -> pa.Table:
    """The rows of ``peek_table`` in memory."""
    return peek_table(state, name, limit).read_all()


def find_table(state: Path, name: str, datasets: Mapping[str, str] = _NO_IDS) -> TableFolder:
    """The folder of a table.

    Args:
        state: The state folder.
        name: The table or its model, in any case.
        datasets: The tables of models, by the models' ids.

    Raises:
        CannotRunError: If there is no such table.
    """
    folders = tables(state)
    try:
        key = DatasetName.parse(name).key
    except InvalidNameError as error:
        raise CannotRunError(str(error), code=UNKNOWN_TABLE) from None
    of_model = datasets.get(name.lower(), "").lower()
    if key in folders or of_model in folders:
        return folders.get(key) or folders[of_model]
    sent = state / "sinks" / folder_name(key.replace(".", "_"))
    if sent.is_dir():
        hint = f"what it sent is in the files of {sent}"
        raise CannotRunError(f"`{name}` is a sink, which has no table", hint=hint, code=UNKNOWN_TABLE)
    if not folders:
        raise CannotRunError(f"{state} has no tables", hint="run `cbx run` first")
    raise CannotRunError(
        f"there is no table `{name}` in {state}", hint=suggest_table(key, sorted(folders)), code=UNKNOWN_TABLE
    )


_FEW = 6


def suggest_table(name: str, names: Sequence[str]) -> str:
    """A hint with the table nearest to a misspelt name, and with all tables, or where they are listed."""
    few = f"the tables are {', '.join(names)}" if len(names) <= _FEW else "`cbx show` lists the tables"
    near = did_you_mean(name, names)
    return f"{near} {few}" if near else few


def open_rows(folder: TableFolder) -> Any:
    """A table's rows: a dataset of Arrow, whose files are read later, or a table of Arrow.

    Raises:
        CannotRunError: If the table was removed.
        FileNotFoundError: If an update is switching its version.
    """
    return _open(folder).dataset()


def _open(folder: TableFolder) -> ParquetRows:
    table = folder.read_state()
    if table is None:
        raise CannotRunError(f"`{folder.name.written}` was removed meanwhile", code=UNKNOWN_TABLE)
    files = folder.row_files(table)
    if files:
        return open_parquet(files)
    return ParquetRows((), pa.schema([(field["name"], pa.null()) for field in json.loads(table.schema)["fields"]]))


class _ShownRows:
    """The rows of files as they are shown, as ``RowBatches`` describes them."""

    def __init__(self, rows: ParquetRows) -> None:
        self._rows = rows
        self.schema: pa.Schema = shorten_floats(rows.schema.empty_table()).schema
        self.count: int = rows.count_rows()

    def batches(self, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> Iterator[pa.Table]:
        """The rows."""
        return map(shorten_floats, self._rows.batches(columns, where))


def shorten_floats(table: pa.Table) -> pa.Table:
    """The table with 0.1 where a FLOAT holds the number that is closest to it, as Spark shows it."""
    for place, field in enumerate(table.schema):
        if kinds.is_float32(field.type):
            shortest = table.column(place).cast(pa.string()).cast(pa.float64())
            table = table.set_column(place, pa.field(field.name, pa.float64()), shortest)
    return table
