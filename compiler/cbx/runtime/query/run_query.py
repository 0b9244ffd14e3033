"""Runs a query over the tables of the state folder."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from cbx.diagnostics.codes import INVALID_STATEMENT
from cbx.runtime.errors import CannotRunError, RunError
from cbx.runtime.names import DEFAULT_SCHEMA
from cbx.runtime.outside.saved_rows import open_saved, saved_folders
from cbx.runtime.query.query_errors import explain_error, has_place
from cbx.runtime.query.sandbox import define_view, lock_settings, open_sandbox
from cbx.runtime.tables.show_table import Peek, open_rows, shorten_floats
from cbx.runtime.tables.store import tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from cbx.diagnostics.source_files import SourceFile
    from cbx.runtime.tables.store import TableFolder

_ATTEMPTS = 5
_MISSING_FILE = "No such file or directory"
_READING = frozenset({"SELECT", "EXPLAIN", "MULTI"})
"""The kinds of statements that may run. DESCRIBE and SUMMARIZE are of the first kind, PIVOT is of the last."""


def run_query(state: Path, query: SourceFile, datasets: Mapping[str, str], limit: int) -> Peek:
    """The rows of a query in DuckDB's SQL over the tables of the state folder.

    Args:
        state: The state folder.
        query: The text of the query; its path is shown in errors.
        datasets: The tables of models, by the models' ids in lower case.
        limit: How many rows; 0 for all.

    Raises:
        RunError: If the query is wrong, or names a table that does not exist.
    """
    for _ in range(_ATTEMPTS - 1):
        with suppress(FileNotFoundError):
            return _run_once(state, query, datasets, limit)
    return _run_once(state, query, datasets, limit)


def _run_once(state: Path, query: SourceFile, datasets: Mapping[str, str], limit: int) -> Peek:
    """Run a query, unless an update removes the files that it reads.

    Raises:
        RunError: If the query is wrong.
        FileNotFoundError: If an update has removed files, because it has written others.
    """
    with TemporaryDirectory(prefix="cbx-query-") as spill, open_sandbox(spill) as connection:
        try:
            _check_statement(connection, query)
            _define_tables(connection, state, query, datasets)
            lock_settings(connection)
            return _fetch_interruptibly(connection, query.text, limit)
        except duckdb.Error as error:
            if _MISSING_FILE in str(error):
                raise FileNotFoundError(str(error)) from None
            raise explain_error(_placed_message(connection, query.text, error), query, state, datasets) from None


def _check_statement(connection: DuckDBPyConnection, query: SourceFile) -> None:
    """Refuse what is not one query.

    Raises:
        RunError: If the text has no statement, several, or one that does not only read.
    """
    kinds = [statement.type.name for statement in connection.extract_statements(query.text)]
    if not kinds:
        raise CannotRunError("the query is empty", hint="write it as in `cbx query 'FROM silver.orders'`")
    other = next((kind for kind in kinds if kind not in _READING), None)
    if other is not None:
        message = f"`cbx query` only reads, and this is {'an' if other[0] in 'AEIOU' else 'a'} {other} statement"
        raise RunError(INVALID_STATEMENT, message, span=query.whole_line(1), hint="write a SELECT")
    if len(kinds) > 1:
        message = f"`cbx query` runs one query, and these are {len(kinds)}"
        raise RunError(INVALID_STATEMENT, message, span=query.whole_line(1), hint="run them one after the other")


def _define_tables(connection: DuckDBPyConnection, state: Path, query: SourceFile, datasets: Mapping[str, str]) -> None:
    """Define the tables and the ids of models that are in the query; DuckDB finds out which of them it reads."""
    folders, text = tables(state), query.text.lower()
    for folder in folders.values():
        if _is_in(text, folder.name.table):
            schema = None if folder.name.schema == DEFAULT_SCHEMA else folder.name.schema
            define_view(connection, schema, folder.name.table, _open(folder))
    for (schema, table), saved in saved_folders(state).items():
        if f"{schema}.{table}" not in folders and _is_in(text, table):
            define_view(connection, None if schema == DEFAULT_SCHEMA else schema, table, open_saved(saved))
    for model, dataset in datasets.items():
        key, (schema, _, table) = dataset.lower(), model.rpartition(".")
        if model not in folders and key in folders and _is_in(text, table):
            define_view(connection, schema or None, table, _open(folders[key]))


def _is_in(text: str, name: str) -> bool:
    return name in text or name.replace('"', '""') in text


def _open(folder: TableFolder) -> Any:
    """The rows of a table. Without files, the types of its columns are those in its state."""
    rows, table = open_rows(folder), folder.read_state()
    if table is None or not isinstance(rows, pa.Table) or rows.num_rows:
        return rows
    try:
        from pyspark.sql.pandas.types import to_arrow_schema
        from pyspark.sql.types import StructType
    except ModuleNotFoundError:
        return rows
    return to_arrow_schema(StructType.fromJson(json.loads(table.schema)), timezone="UTC").empty_table()


def _fetch_interruptibly(connection: DuckDBPyConnection, text: str, limit: int) -> Peek:
    """Run a query in a thread, because DuckDB does not notice Ctrl-C in the thread that it blocks."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        rows = pool.submit(_fetch, connection, text, limit)
        try:
            return rows.result()
        except KeyboardInterrupt:
            connection.interrupt()
            raise


def _fetch(connection: DuckDBPyConnection, text: str, limit: int) -> Peek:
    """The first rows of a query, and how many it has; the others are counted and not kept."""
    reader = connection.sql(text).to_arrow_reader()
    assert reader is not None  # noqa: S101 - a query has a result
    batches, kept, total = [], 0, 0
    for batch in reader:
        total += batch.num_rows
        part = batch.slice(0, limit - kept) if limit else batch
        kept += part.num_rows
        if part.num_rows:
            batches.append(part)
    rows = pa.Table.from_batches(batches, reader.schema)
    return Peek.of(shorten_floats(rows.rename_columns(_distinct(rows.column_names))), total)


def _distinct(names: list[str]) -> list[str]:
    """Names that differ: a query may call two columns alike, and JSON would lose one of them."""
    seen: set[str] = set()
    distinct = []
    for name in names:
        number, unique = 1, name
        while unique in seen or (unique != name and unique in names):
            unique, number = f"{name}_{number}", number + 1
        seen.add(unique)
        distinct.append(unique)
    return distinct


def _placed_message(connection: DuckDBPyConnection, text: str, error: duckdb.Error) -> str:
    """The message of an error with its place, which DuckDB gives only for a query that it executes at once."""
    if not has_place(str(error)):
        try:
            connection.execute(text)
        except duckdb.Error as placed:
            return str(placed)
    return str(error)
