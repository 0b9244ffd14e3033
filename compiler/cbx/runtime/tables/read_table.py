"""Reading the rows of a table, as a batch or as a stream."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cbx.diagnostics.codes import INVALID_DEFINITION, NOT_SUPPORTED_LOCALLY, UNKNOWN_TABLE
from cbx.runtime.errors import RunError
from cbx.runtime.tables.bucket_files import glob_of_buckets
from cbx.runtime.tables.change_feed import read_changes
from cbx.runtime.tables.compaction.stream_progress import updates_left_out
from cbx.runtime.tables.schema import read_struct

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.tables.store import TableFolder, TableState

_OLDEST_FILE = "36500d"
_CHANGES = ("readchangefeed", "readchangedata")
_VERSIONS = ("startingversion", "startingtimestamp", "endingversion", "endingtimestamp", "versionasof", "timestampasof")
_INSERTS = (
    "'insert' AS _change_type",
    r"CAST(regexp_extract(_metadata.file_path, '/(?:\\d+-)?(\\d+)/[^/]+/[^/]+$', 1) AS BIGINT) AS _commit_version",
    "_metadata.file_modification_time AS _commit_timestamp",
)
"""The columns of the change data feed of a table that only grows; rows of several updates are as of the last one."""
_NO_UPDATE = "000000"
"""The number of no update."""
_LIMITS = ("maxFilesPerTrigger", "maxBytesPerTrigger")


def read_table(
    folder: TableFolder, spark: SparkSession, options: Mapping[str, str] = MappingProxyType({})
) -> DataFrame:
    """The rows of a table.

    Raises:
        RunError: If an option asks for changes or for an earlier version.
    """
    check_read_options(options)
    return read_rows(folder, require_state(folder), spark)


def check_read_options(options: Mapping[str, str]) -> None:
    """Check the options of a batch read of a table.

    Raises:
        RunError: If one asks for changes or for an earlier version.
    """
    _refuse_versions({name.lower(): value for name, value in options.items()})
    if any(name.lower() in _CHANGES and value.lower() == "true" for name, value in options.items()):
        raise RunError(
            NOT_SUPPORTED_LOCALLY,
            "the changes of a table are not supported in a batch query",
            hint="read them with spark.readStream and the option readChangeFeed",
        )


def read_rows(
    folder: TableFolder, table: TableState, spark: SparkSession, buckets: Collection[int] | None = None
) -> DataFrame:
    """The rows of a version of a table, of all buckets or of some."""
    reader = spark.read.schema(read_struct(table.schema)).option("recursiveFileLookup", "true")
    if buckets is not None:
        reader = reader.option("pathGlobFilter", glob_of_buckets(buckets))
    return reader.parquet(str(folder.rows(table.version)))


def read_stream(
    folder: TableFolder,
    spark: SparkSession,
    options: Mapping[str, str],
    checkpoint: Path,
    start_folder: Callable[[], Path],
) -> tuple[DataFrame, int]:
    """The rows of a streaming table as a stream, and the generation of the table.

    Args:
        folder: The table.
        spark: The session.
        options: The options of the reader.
        checkpoint: The checkpoint of the stream.
        start_folder: Where a stream of changes keeps the update in which it started.

    Raises:
        RunError: If the table is not append-only, and the options do not ask for its changes.
    """
    table = require_state(folder)
    given = {name.lower(): value.lower() for name, value in options.items()}
    with_feed = "true" in (given.get("readchangefeed"), given.get("readchangedata"))
    if with_feed:
        _refuse_versions(given)
    if not table.is_append_only:
        is_skipping = "true" in (given.get("skipchangecommits"), given.get("ignorechanges"))
        if table.kind == "batch" or not (with_feed or is_skipping):
            raise _not_append_only(table)
        return read_changes(folder, table, spark, start_folder(), with_feed=with_feed), table.generation
    reader = spark.readStream.schema(read_struct(table.schema)).option("recursiveFileLookup", "true")
    for limit in _LIMITS:
        if limit in options:
            reader = reader.option(limit, options[limit])
    rows = reader.option("maxFileAge", _OLDEST_FILE).parquet(_unread_path(folder, table, checkpoint))
    return (rows.selectExpr("*", *_INSERTS) if with_feed else rows), table.generation


def _unread_path(folder: TableFolder, table: TableState, checkpoint: Path) -> str:
    """The folder of the rows; without the folders of several updates that a stream has read one by one."""
    rows = folder.rows(table.version)
    left_out = updates_left_out(checkpoint, folder, table)
    if not left_out:
        return str(rows)
    names = [update.name for update in folder.updates(table) if update not in left_out]
    return str(rows / f"{{{','.join(names) or _NO_UPDATE}}}")


def _not_append_only(table: TableState) -> RunError:
    hint = "read it with spark.read.table, or stream from its input"
    if table.kind != "batch":
        hint += ", or read its changes with the option skipChangeCommits or readChangeFeed"
    reason = f"`{table.name}` cannot be read as a stream: it is not append-only ({table.kind})"
    return RunError(INVALID_DEFINITION, reason, hint=hint)


def _refuse_versions(options: Mapping[str, str]) -> None:
    """Refuse options that name earlier versions of a table, which are not kept."""
    for name in _VERSIONS:
        if name in options:
            raise RunError(
                NOT_SUPPORTED_LOCALLY,
                f"the option {name} is not supported locally: a table keeps no earlier versions",
                hint="remove it: the table is read as it is now, and a stream then reads its changes",
            )


def require_state(folder: TableFolder) -> TableState:
    """The state of a table.

    Raises:
        RunError: If it has none yet.
    """
    table = folder.read_state()
    if table is None:
        raise RunError(UNKNOWN_TABLE, f"`{folder.name.written}` has no rows yet")
    return table
