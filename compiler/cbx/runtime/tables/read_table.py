"""Reading a table's rows back, whole or as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.runtime.problems import RunError
from cbx.runtime.tables.schema import read_struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.tables.store import TableFolder, TableState

_OLDEST_FILE = "36500d"
_LIMITS = ("maxFilesPerTrigger", "maxBytesPerTrigger")


def read_table(folder: TableFolder, spark: SparkSession) -> DataFrame:
    """A table's rows."""
    table = _current(folder)
    reader = spark.read.schema(read_struct(table.schema)).option("recursiveFileLookup", "true")
    return reader.parquet(str(folder.rows(table.version)))


def read_stream(folder: TableFolder, spark: SparkSession, options: Mapping[str, str]) -> tuple[DataFrame, int]:
    """A streaming table's rows as they come, and the generation of the table that they belong to.

    Args:
        folder: The table.
        spark: The session.
        options: What the reader was told.

    Raises:
        RunError: If rows of the table change, so that there is no stream of them.
    """
    table = _current(folder)
    if not table.is_append_only:
        raise RunError(
            f"`{table.name}` is not append-only ({table.kind}), so it cannot be read as a stream",
            hint="read it with spark.read.table, or stream from what feeds it",
        )
    reader = spark.readStream.schema(read_struct(table.schema)).option("recursiveFileLookup", "true")
    for limit in _LIMITS:
        if limit in options:
            reader = reader.option(limit, options[limit])
    rows = reader.option("maxFileAge", _OLDEST_FILE).parquet(str(folder.rows(table.version)))
    return rows, table.generation


def _current(folder: TableFolder) -> TableState:
    table = folder.current()
    if table is None:
        raise RunError(f"`{folder.name.written}` has no rows yet")
    return table
