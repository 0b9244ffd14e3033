"""Reads files as ``spark.read`` does, without Spark: with given columns, or with those of the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from pyspark.sql.types import ArrayType, MapType, StructType

from cbx.runtime.auto_loader.errors import AutoLoaderError
from cbx.runtime.auto_loader.reading_plan import RESCUED, Opening
from cbx.runtime.auto_loader.state import LoaderState
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.read_new_files import NewRows, read_new_files

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pyspark.sql.types import DataType

_OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "csv": frozenset({"header", "sep", "delimiter", "quote", "escape"}),
    "json": frozenset({"multiline"}),
    "text": frozenset(),
    "parquet": frozenset(),
    "orc": frozenset(),
}
"""The options that have the same meaning for Auto Loader."""
_MILLISECOND: Final = 1_000_000
"""In nanoseconds."""
_WEEK: Final = 7 * 24 * 3600 * 1000
_INFER: Final = "inferschema"


def read_data_files(
    paths: Sequence[str],
    file_format: str,
    options: Mapping[str, str],
    schema: StructType | None,
) -> NewRows:
    """Read files.

    Args:
        paths: Files, or folders without folders in them.
        file_format: Spark's name of the format.
        options: The options of the reader.
        schema: The columns; None to infer them.

    Raises:
        NeedsSparkError: It is not certain how Spark reads them.
    """
    if not paths or (schema is None and len(paths) > 1):
        raise NeedsSparkError("columns of several paths are inferred, or there is no path")
    if schema is None:
        return infer_data_files(paths[0], file_format, options)
    parts = [_read(path, file_format, options, schema) for path in paths]
    files = tuple(file for part in parts for file in part.files)
    return NewRows(pa.concat_tables([part.table for part in parts]), parts[0].schema, files, LoaderState())


def read_new_data_files(
    path: str, file_format: str, options: Mapping[str, str], schema: StructType, read: Mapping[str, int]
) -> NewRows:
    """Read the new files of a folder, as a stream of ``spark.readStream`` does, with ``_metadata``.

    Args:
        path: A file, or a folder.
        file_format: Spark's name of the format.
        options: The options of the reader.
        schema: The columns.
        read: When the files that were read before were modified, in milliseconds, by URI.

    Raises:
        NeedsSparkError: It is not certain how Spark reads them.
    """
    new = _read(path, file_format, options, schema, tuple(read), with_metadata=True)
    times = [*read.values(), *(file.modified // _MILLISECOND for file in new.files)]
    if any(file.modified // _MILLISECOND < max(times) - _WEEK for file in new.files):
        raise NeedsSparkError("a file is a week older than others, which a stream leaves out")
    return new


def infer_data_files(path: str, file_format: str, options: Mapping[str, str], read: Collection[str] = ()) -> NewRows:
    """Read files whose columns are inferred from all of them.

    Args:
        path: A file, or a folder.
        file_format: Spark's name of the format.
        options: The options of the reader.
        read: The URIs of files that only count for the columns.

    Raises:
        NeedsSparkError: It is not certain how Spark reads them.
    """
    given = {name.lower(): value for name, value in options.items()}
    if file_format == "csv" and given.get("header", "").lower() != "true":
        raise NeedsSparkError("CSV files have no header")
    is_inferring = file_format != "csv" or given.get(_INFER, "").lower() == "true"
    others = {name: value for name, value in options.items() if name.lower() != _INFER}
    new = _read(path, file_format, others, None, read, is_inferring=is_inferring)
    state = new.state
    if len(set(state.headers)) > 1 or state.partitions.names or not _has_distinct_names(state.seen):
        raise NeedsSparkError("files have different headers, or columns that differ in case")
    if file_format in ("parquet", "orc") and len(state.files) > 1:
        raise NeedsSparkError("Spark takes the columns of one of several files")
    if RESCUED not in new.table.column_names:
        return new
    if RESCUED in state.seen.names or pc.count(new.table[RESCUED]).as_py():
        raise NeedsSparkError("files have rows that do not fit their columns")
    columns = StructType([field for field in new.schema if field.name != RESCUED])
    return NewRows(new.table.drop_columns([RESCUED]), columns, new.files, state)


def _read(
    path: str,
    file_format: str,
    options: Mapping[str, str],
    schema: StructType | None,
    read: Collection[str] = (),
    *,
    is_inferring: bool = False,
    with_metadata: bool = False,
) -> NewRows:
    if file_format not in _OPTIONS:
        raise NeedsSparkError(f"the format is {file_format}")
    other = next((name for name in options if name.lower() not in _OPTIONS[file_format]), None)
    if other is not None:
        raise NeedsSparkError(f"the option {other}")
    if any(entry.is_dir() or "=" in entry.name for entry in _entries(path)):
        raise NeedsSparkError("files are in several folders")
    all_options = {"cloudFiles.format": file_format, **options}
    if is_inferring:
        all_options["cloudFiles.inferColumnTypes"] = "true"
    opening = Opening(all_options, path, schema, lambda _: None)
    try:
        return read_new_files(opening, read, LoaderState(), with_metadata=with_metadata)
    except AutoLoaderError as error:
        raise NeedsSparkError(str(error)) from error


def _entries(path: str) -> list[Path]:
    folder = Path(path.removeprefix("file:"))
    return list(folder.iterdir()) if folder.is_dir() else []


def _has_distinct_names(kind: DataType) -> bool:
    """Whether no two fields differ in the case of their names only."""
    if isinstance(kind, StructType):
        names = {field.name.lower() for field in kind.fields}
        return len(names) == len(kind.fields) and all(_has_distinct_names(field.dataType) for field in kind.fields)
    if isinstance(kind, ArrayType):
        return _has_distinct_names(kind.elementType)
    return not isinstance(kind, MapType)
