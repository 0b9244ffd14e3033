"""Reading tables of the state folder without Spark, to show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.dataset as ds  # type: ignore[import-untyped]
import pyarrow.types as kinds  # type: ignore[import-untyped]

from cbx.diagnostics.codes import UNKNOWN_TABLE
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.errors import CannotRunError
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.tables.arrow_structs import conform, unify_schemas
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
            rows = _StoredRows(_open_files(folder))
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


def suggest_table(name: str, names: Sequence[str]) -> str:
    """A hint with the table nearest to a misspelt name, and with all tables."""
    listing = "the tables are " + ", ".join(names)
    near = did_you_mean(name, names)
    return f"{near} {listing}" if near else listing


def open_rows(folder: TableFolder) -> Any:
    """A table's rows: a dataset of Arrow, whose files are read later, or a table of Arrow.

    Raises:
        CannotRunError: If the table was removed.
        FileNotFoundError: If an update is switching its version.
    """
    files = _open_files(folder)
    if not files.fragments:
        return files.schema.empty_table()
    if files.is_conformed:
        return pa.concat_tables([conform(fragment.to_table(), files.schema) for fragment in files.fragments])
    return ds.FileSystemDataset(files.fragments, files.schema, files.fragments[0].format, files.fragments[0].filesystem)


class _Files(NamedTuple):
    """The files of a table, of which only the columns are read yet.

    Attributes:
        fragments: The files.
        schema: The columns of all of them, as they are stored.
        is_conformed: Whether structs have different fields in different files.
    """

    fragments: tuple[Any, ...]
    schema: pa.Schema
    is_conformed: bool


def _open_files(folder: TableFolder) -> _Files:
    table = folder.read_state()
    if table is None:
        raise CannotRunError(f"`{folder.name.written}` was removed meanwhile", code=UNKNOWN_TABLE)
    files = folder.row_files(table)
    if not files:
        return _Files(
            (), pa.schema([(field["name"], pa.null()) for field in json.loads(table.schema)["fields"]]), False
        )
    dataset = ds.dataset([str(file) for file in files], format="parquet")
    fragments = tuple(dataset.get_fragments())
    schemas = [fragment.physical_schema for fragment in fragments]
    has_structs = any(kinds.is_nested(field.type) for schema in schemas for field in schema)
    if has_structs and any(schema != schemas[0] for schema in schemas):
        return _Files(fragments, unify_schemas(schemas), is_conformed=True)
    whole = pa.unify_schemas([dataset.schema, *schemas], promote_options="permissive")
    return _Files(fragments, whole, is_conformed=False)


class _StoredRows:
    """The rows of files, as ``RowBatches`` describes them."""

    def __init__(self, files: _Files) -> None:
        self._files = files
        self.schema: pa.Schema = shorten_floats(files.schema.empty_table()).schema
        self.count: int = sum(fragment.count_rows() for fragment in files.fragments)

    def batches(self, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> Iterator[pa.Table]:
        """The rows. Row groups are skipped where their statistics say that the condition is false for all rows."""
        names = self.schema.names if columns is None else columns
        for fragment in self._files.fragments:
            if self._files.is_conformed:
                for batch in fragment.to_batches(**_LITTLE_MEMORY):
                    yield shorten_floats(conform(pa.Table.from_batches([batch]), self._files.schema).select(names))
            else:
                for batch in fragment.to_batches(self._files.schema, columns=names, filter=where, **_LITTLE_MEMORY):
                    yield shorten_floats(pa.Table.from_batches([batch]))


_LITTLE_MEMORY: Final = {
    "batch_size": 1 << 15,
    "batch_readahead": 1,
    "fragment_readahead": 1,
    "fragment_scan_options": ds.ParquetFragmentScanOptions(pre_buffer=False, use_buffered_stream=True),
}


def shorten_floats(table: pa.Table) -> pa.Table:
    """The table with 0.1 where a FLOAT holds the number that is closest to it, as Spark shows it."""
    for place, field in enumerate(table.schema):
        if kinds.is_float32(field.type):
            shortest = table.column(place).cast(pa.string()).cast(pa.float64())
            table = table.set_column(place, pa.field(field.name, pa.float64()), shortest)
    return table
