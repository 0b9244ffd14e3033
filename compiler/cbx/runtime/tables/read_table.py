"""Reading the rows of a table, as a batch or as a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.diagnostics.codes import INVALID_DEFINITION, UNKNOWN_TABLE
from cbx.runtime.errors import RunError
from cbx.runtime.tables.schema import read_struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.tables.store import TableFolder, TableState

_OLDEST_FILE = "36500d"
_LIMITS = ("maxFilesPerTrigger", "maxBytesPerTrigger")


def read_table(folder: TableFolder, spark: SparkSession) -> DataFrame:
    """The rows of a table."""
    return read_rows(folder, _require_state(folder), spark)


def read_rows(folder: TableFolder, table: TableState, spark: SparkSession) -> DataFrame:
    """The rows of a version of a table."""
    reader = spark.read.schema(read_struct(table.schema)).option("recursiveFileLookup", "true")
    return reader.parquet(str(folder.rows(table.version)))


def read_stream(folder: TableFolder, spark: SparkSession, options: Mapping[str, str]) -> tuple[DataFrame, int]:
    """The rows of a streaming table as a stream, and the generation of the table.

    Args:
        folder: The table.
        spark: The session.
        options: The options of the reader.

    Raises:
        RunError: If the table is not append-only.
    """
    table = _require_state(folder)
    if not table.is_append_only:
        raise RunError(
            INVALID_DEFINITION,
            f"`{table.name}` cannot be read as a stream: it is not append-only ({table.kind})",
            hint="read it with spark.read.table, or stream from its input",
        )
    reader = spark.readStream.schema(read_struct(table.schema)).option("recursiveFileLookup", "true")
    for limit in _LIMITS:
        if limit in options:
            reader = reader.option(limit, options[limit])
    rows = reader.option("maxFileAge", _OLDEST_FILE).parquet(str(folder.rows(table.version)))
    return rows, table.generation


def _require_state(folder: TableFolder) -> TableState:
    table = folder.read_state()
    if table is None:
        raise RunError(UNKNOWN_TABLE, f"`{folder.name.written}` has no rows yet")
    return table
