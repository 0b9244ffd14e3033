"""Reads Delta tables through the package ``deltalake``, where Spark has no Delta reader of its own.

Rows are read by Spark from the Parquet files of the table. A stream reads the table's current files and then the files
that later versions add, as Delta's own streams do (the page "Table streaming reads and writes" of docs.delta.io).
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from pyspark.sql.types import StructType

from cbx.diagnostics.codes import CANNOT_START, INVALID_DATA, INVALID_DEFINITION, NOT_SUPPORTED_LOCALLY
from cbx.files.atomic_write import write_atomically
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError
from cbx.runtime.outside.java_classes import has_class
from cbx.runtime.tables.store import folder_name, link_file, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deltalake import DeltaTable
    from pyspark.sql import DataFrame, SparkSession

_VERSION: Final = "versionasof"
_TIMESTAMP: Final = "timestampasof"
_START: Final = "startingversion"
_SKIPPING: Final = ("skipchangecommits", "ignorechanges")
_LIMITS: Final = ("maxfilespertrigger", "maxbytespertrigger")
_REFUSED: Final = {
    "readchangefeed": "read the table without it, or run the notebook on Databricks",
    "readchangedata": "read the table without it, or run the notebook on Databricks",
    "startingtimestamp": "use startingVersion",
    "schematrackinglocation": "run the notebook on Databricks",
    "endingversion": "use versionAsOf",
}
_NEVER: Final = "36500d"


def has_delta(spark: SparkSession) -> bool:
    """Whether Spark has a Delta reader of its own."""
    return has_class(spark, "io.delta.sql.DeltaSparkSessionExtension")


def delta_path(text: str) -> Path:
    """The local path in a path of Databricks, with or without ``dbfs:`` or ``file:``."""
    return Path(text.removeprefix("dbfs:").removeprefix("file:"))


def import_deltalake() -> Any:
    """The package ``deltalake``.

    Raises:
        RunError: If it is not installed.
    """
    try:
        import deltalake
    except ModuleNotFoundError:
        raise RunError(
            CANNOT_START,
            "Delta tables need the package deltalake",
            span=calling_line(),
            hint="pip install 'circuit-box[delta]'",
        ) from None
    return deltalake


def read_delta(path: Path, spark: SparkSession, options: Mapping[str, str]) -> DataFrame:
    """The rows of a Delta table, as of the options ``versionAsOf`` or ``timestampAsOf``.

    Raises:
        RunError: If there is no such table or version, or if deltalake cannot read it.
    """
    given = _check_options(options)
    table = open_delta(path)
    version, moment = given.get(_VERSION), given.get(_TIMESTAMP)
    if version is not None or moment is not None:
        _load_version(table, path, _time(moment or "") if version is None else _number("versionAsOf", version))
    _check_files(table, path)
    schema, files = delta_schema(table), table.file_uris()
    if not files:
        return spark.createDataFrame([], schema)
    return spark.read.schema(schema).option("basePath", str(path)).parquet(*files)


def stream_delta(
    path: Path, spark: SparkSession, options: Mapping[str, str], state: Path, schema_folder: Path
) -> DataFrame:
    """The rows of a Delta table as a stream: those of its current version, then those that later versions add.

    The files of each version are linked into a folder, which Spark streams, under names that do not change. So the
    checkpoint of the flow remembers how far it has read.

    Args:
        path: The folder of the table.
        spark: The session.
        options: The options of the reader.
        state: The state folder, for the links.
        schema_folder: Where the first version of the stream is kept between updates.

    Raises:
        RunError: If a later version changes or deletes rows, and the options do not skip it.
    """
    given = _check_options(options)
    table = open_delta(path)
    _check_files(table, path)
    start = _first_version(table, given, schema_folder)
    links = state / "delta" / folder_name(f"{table.metadata().id}-{start['version']}-{start['kind']}")
    links.mkdir(parents=True, exist_ok=True)
    if start["kind"] == "rows":
        table.load_as_version(start["version"])
        _link(links, path, start["version"], [_relative_file(uri, path) for uri in table.file_uris()])
        table.update_incremental()
    is_skipping = any(given.get(name, "").lower() == "true" for name in _SKIPPING)
    first = start["version"] + (start["kind"] == "rows")
    for version in range(first, table.version() + 1):
        _link(links, path, version, _added_files(path, version, is_skipping=is_skipping))
    limits = {name: value for name, value in options.items() if name.lower() in _LIMITS}
    reader = spark.readStream.schema(delta_schema(table)).options(**limits, maxFileAge=_NEVER)
    return reader.parquet(str(links))


def _first_version(table: DeltaTable, given: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Where a stream starts: with all rows of a version, or with the files that it adds."""
    memory = folder / "delta.json"
    if memory.exists():
        return read_document(memory)
    wanted = given.get(_START)
    latest = table.version()
    start = {"version": latest if wanted is None else latest + 1, "kind": "rows" if wanted is None else "changes"}
    if wanted is not None and wanted.lower() != "latest":
        start["version"] = _number("startingVersion", wanted)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(memory, json.dumps(start))
    return start


def _added_files(path: Path, version: int, *, is_skipping: bool) -> list[str]:
    """The files that a version adds; none if it is skipped because it changes or deletes rows."""
    commit = path / "_delta_log" / f"{version:020d}.json"
    if not commit.exists():
        raise RunError(
            INVALID_DATA,
            f"version {version} of the Delta table {path} is no longer in its log",
            hint="run with --full-refresh, which reads the current rows",
        )
    actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines() if line.strip()]
    adds = [action["add"] for action in actions if "add" in action]
    changes = [action["remove"] for action in actions if "remove" in action]
    added = [unquote(add["path"]) for add in adds if add.get("dataChange", True)]
    if not any(change.get("dataChange", True) for change in changes):
        return added
    if is_skipping:
        return []
    raise RunError(
        INVALID_DATA,
        f"version {version} of the Delta table {path} changes or deletes rows, which a stream cannot do",
        hint='read it with option("skipChangeCommits", "true"), which leaves such versions out, or with spark.read',
    )


def _link(links: Path, path: Path, version: int, files: list[str]) -> None:
    """Link the files of a version, each into the folder of its partition."""
    for number, file in enumerate(sorted(files)):
        source = path / file
        target = links / Path(file).parent / f"v{version:08d}-{number:05d}.parquet"
        if target.exists():
            continue
        if not source.exists():
            raise RunError(
                INVALID_DATA,
                f"{source} of the Delta table was deleted before it was read",
                hint="run with --full-refresh, which reads the current rows",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        link_file(source, target)


def _relative_file(uri: str, path: Path) -> str:
    return Path(uri.removeprefix("file://")).relative_to(path.resolve()).as_posix()


def open_delta(path: Path) -> DeltaTable:
    """A Delta table.

    Raises:
        RunError: If there is none.
    """
    deltalake = import_deltalake()
    if not (path / "_delta_log").is_dir():
        raise RunError(
            INVALID_DATA,
            f"there is no Delta table at {path}",
            span=calling_line(),
            hint=f"let a file stand in for it: --table 'delta.`{path}`=FILE' (Parquet, CSV, JSON or Delta)",
        )
    table: DeltaTable = deltalake.DeltaTable(str(path.resolve()))
    return table


def delta_schema(table: DeltaTable) -> StructType:
    """The columns of a Delta table, which Delta and Spark write in the same JSON."""
    return StructType.fromJson(json.loads(table.schema().to_json()))


def _load_version(table: DeltaTable, path: Path, version: int | datetime) -> None:
    from deltalake.exceptions import DeltaError

    try:
        table.load_as_version(version)
    except (DeltaError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(
            INVALID_DATA,
            f"the Delta table {path} has no version {version}: {reason}",
            span=calling_line(),
            hint=f"its last version is {table.version()}",
        ) from None


def _number(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        reason = f"{option}: `{text}` is not the number of a version"
        raise RunError(INVALID_DEFINITION, reason, span=calling_line(), hint="write it as 0 or 12") from None


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise RunError(
            INVALID_DEFINITION,
            f"timestampAsOf: `{text}` is not a time",
            span=calling_line(),
            hint="write it as 2026-01-31 or 2026-01-31 10:00:00",
        ) from None


def _check_files(table: DeltaTable, path: Path) -> None:
    """Refuse a table whose rows are not just those of its files."""
    for feature in _refused_features(table):
        raise RunError(
            NOT_SUPPORTED_LOCALLY,
            f"the Delta table {path} uses {feature}, which is not supported locally",
            span=calling_line(),
            hint="write a copy without it, such as Parquet files, and name them with --table",
        )


def _refused_features(table: DeltaTable) -> Iterator[str]:
    configuration = table.metadata().configuration
    if configuration.get("delta.columnMapping.mode", "none") != "none":
        yield "column mapping"
    features = table.protocol().reader_features or []
    if "deletionVectors" in features and configuration.get("delta.enableDeletionVectors", "true") == "true":
        yield "deletion vectors"


def _check_options(options: Mapping[str, str]) -> dict[str, str]:
    given = {name.lower(): value for name, value in options.items()}
    for name, hint in _REFUSED.items():
        if given.get(name, "false") != "false":
            raise RunError(
                NOT_SUPPORTED_LOCALLY,
                f"the option `{name}` of Delta is not supported locally",
                span=calling_line(),
                hint=hint,
            )
    return given
