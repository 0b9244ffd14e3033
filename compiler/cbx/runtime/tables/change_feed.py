"""The changes of tables that flows change: targets of AUTO CDC and of replace flows.

    tables/<schema>/<table>/_changes-<generation>/snapshot-<number>/   the rows as of an update
    tables/<schema>/<table>/_changes-<generation>/change-<number>/     what an update inserted, changed and deleted

A stream reads the rows as of the update in which it starts, and then the changes of later updates, each once. Changes
are kept from the first stream on. An update is one version of the table. The columns are those of Delta's change data
feed (the Databricks page "Use Delta Lake change data feed").
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation
from pyspark.sql.types import BooleanType, LongType, StringType, StructField, StructType, TimestampType

from cbx.files.atomic_write import write_atomically
from cbx.runtime.tables.schema import read_struct
from cbx.runtime.tables.store import link_file, read_document

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.tables.store import TableFolder, TableState

CHANGE_TYPE: Final = "_change_type"
COMMIT_VERSION: Final = "_commit_version"
COMMIT_TIMESTAMP: Final = "_commit_timestamp"
IS_APPEND: Final = "__cbx_is_append"
"""Whether the update only inserted rows."""
_FEED: Final = (
    StructField(CHANGE_TYPE, StringType()),
    StructField(COMMIT_VERSION, LongType()),
    StructField(COMMIT_TIMESTAMP, TimestampType()),
)
_NEVER: Final = "36500d"


def has_change_readers(folder: TableFolder, table: TableState) -> bool:
    """Whether a stream has read the changes of a table, so that they are kept."""
    return folder.changes(table.generation).is_dir()


def read_changes(
    folder: TableFolder, table: TableState, spark: SparkSession, start_folder: Path, *, with_feed: bool
) -> DataFrame:
    """The changes of a table as a stream.

    Args:
        folder: The folder of the table.
        table: The table now.
        spark: The session.
        start_folder: Where the stream keeps the update in which it started.
        with_feed: Whether to return all changes with the columns of the change data feed (``readChangeFeed``), or only
            the rows of updates that only inserted rows (``skipChangeCommits``).
    """
    start = _start(folder, table, start_folder)
    number, columns = start["number"], read_struct(table.schema)
    schema = StructType([*columns.fields, *_FEED, StructField(IS_APPEND, BooleanType())])
    path = folder.changes(table.generation) / f"{{{_snapshot(number)},change-*}}"
    rows = spark.readStream.schema(schema).option("maxFileAge", _NEVER).parquet(str(path))
    is_old = F.col(COMMIT_VERSION).isNull()
    rows = rows.filter(is_old | (F.col(COMMIT_VERSION) > number))
    if not with_feed:
        return rows.filter(is_old | F.col(IS_APPEND)).select(*columns.names)
    first = {CHANGE_TYPE: F.lit("insert"), COMMIT_VERSION: F.lit(number), COMMIT_TIMESTAMP: F.lit(start["time"])}
    filled = [
        F.coalesce(F.col(field.name), first[field.name].cast(field.dataType)).alias(field.name) for field in _FEED
    ]
    return rows.select(*columns.names, *filled)


def _start(folder: TableFolder, table: TableState, start_folder: Path) -> dict[str, Any]:
    """The update in which a stream started, whose rows it reads first."""
    memory = start_folder / "changes.json"
    if memory.exists():
        return read_document(memory)
    snapshot = folder.changes(table.generation) / _snapshot(table.number)
    snapshot.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(folder.row_files(table)):
        target = snapshot / f"{number:05d}.parquet"
        if not target.exists():
            link_file(file, target)
    start = {"number": table.number, "time": folder.committed_at().isoformat()}
    start_folder.mkdir(parents=True, exist_ok=True)
    write_atomically(memory, json.dumps(start))
    return start


def _snapshot(number: int) -> str:
    return f"snapshot-{number:08d}"
