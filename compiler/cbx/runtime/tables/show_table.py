"""Reading tables of the state folder without Spark, to show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.dataset as ds  # type: ignore[import-untyped]
import pyarrow.types as kinds  # type: ignore[import-untyped]

from cbx.diagnostics.codes import UNKNOWN_TABLE
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.errors import CannotRunError
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.tables.arrow_structs import conform, unify_schemas
from cbx.runtime.tables.store import TableFolder, folder_name, tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ATTEMPTS = 5
_NO_IDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Peek:
    """Some rows of a table, and how many it has in all."""

    rows: pa.Table
    total: int


def first_rows(state: Path, name: str, limit: int, datasets: Mapping[str, str] = _NO_IDS) -> Peek:
    """The first rows of a table, ordered by its columns from left to right.

    Args:
        state: The state folder.
        name: The table or its model, in any case.
        limit: How many rows; 0 for all.
        datasets: The tables of models, by the models' ids.

    Raises:
        CannotRunError: If there is no such table.
    """
    folder = find_table(state, name, datasets)
    rows = _rows(folder)
    order = [(field.name, "ascending") for field in rows.schema if _is_sortable(field.type)]
    if order and rows.num_rows:
        rows = rows.sort_by(order)
    return Peek(rows.slice(0, limit) if limit else rows, rows.num_rows)


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


def _rows(folder: TableFolder) -> pa.Table:
    """A table's rows, also while an update is switching its version."""
    for attempt in range(_ATTEMPTS):
        try:
            rows = open_rows(folder)
            return shorten_floats(rows if isinstance(rows, pa.Table) else rows.to_table())
        except FileNotFoundError:
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError  # the last attempt returns or raises


def open_rows(folder: TableFolder) -> Any:
    """A table's rows: a dataset of Arrow, whose files are read later, or a table of Arrow.

    Raises:
        CannotRunError: If the table was removed.
        FileNotFoundError: If an update is switching its version.
    """
    table = folder.read_state()
    if table is None:
        raise CannotRunError(f"`{folder.name.written}` was removed meanwhile", code=UNKNOWN_TABLE)
    files = folder.row_files(table)
    if not files:
        return pa.table({field["name"]: pa.array([], pa.null()) for field in json.loads(table.schema)["fields"]})
    dataset = ds.dataset([str(file) for file in files], format="parquet")
    fragments = list(dataset.get_fragments())
    schemas = [fragment.physical_schema for fragment in fragments]
    has_structs = any(kinds.is_nested(field.type) for schema in schemas for field in schema)
    if has_structs and any(schema != schemas[0] for schema in schemas):
        whole = unify_schemas(schemas)
        return pa.concat_tables([conform(fragment.to_table(), whole) for fragment in fragments])
    return dataset.replace_schema(pa.unify_schemas([dataset.schema, *schemas], promote_options="permissive"))


def shorten_floats(table: pa.Table) -> pa.Table:
    """The table with 0.1 where a FLOAT holds the number that is closest to it, as Spark shows it."""
    for place, field in enumerate(table.schema):
        if kinds.is_float32(field.type):
            shortest = table.column(place).cast(pa.string()).cast(pa.float64())
            table = table.set_column(place, pa.field(field.name, pa.float64()), shortest)
    return table


def _is_sortable(kind: pa.DataType) -> bool:
    return not (kinds.is_nested(kind) or kinds.is_null(kind) or kinds.is_binary(kind))
