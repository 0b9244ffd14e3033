"""A DuckDB that reads nothing but the tables that it is given, and writes nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def open_sandbox(spill: str) -> DuckDBPyConnection:
    """An empty database in memory, without access to files, the network, extensions and variables of Python.

    Args:
        spill: A folder for what does not fit in memory.
    """
    settings: dict[str, Any] = {
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "temp_directory": spill,
    }
    connection = duckdb.connect(config=settings)
    for setting in ("TimeZone = 'UTC'", "python_enable_replacements = false", "errors_as_json = true"):
        connection.execute(f"SET {setting}")
    return connection


def lock_settings(connection: DuckDBPyConnection) -> None:
    """Let no query change a setting."""
    connection.execute("SET lock_configuration = true")


def define_view(connection: DuckDBPyConnection, schema: str | None, table: str, rows: Any) -> None:
    """Define a view of rows. Names that are DuckDB's own, such as ``information_schema``, are left to it.

    Args:
        connection: The database.
        schema: Its schema; None for the default.
        table: Its name in the schema.
        rows: A table or a dataset of Arrow.
    """
    space = f"memory.{_quote(schema or 'main')}"
    source = f"rows of {schema}.{table}"
    connection.register(source, rows)
    with suppress(duckdb.CatalogException, duckdb.BinderException):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {space}")
        connection.execute(f"CREATE OR REPLACE VIEW {space}.{_quote(table)} AS FROM {_quote(source)}")


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
