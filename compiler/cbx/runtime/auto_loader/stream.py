"""A `cloudFiles` reader as a DataFrame: new files as a stream, or all files in batch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyspark.errors import PySparkException
from pyspark.sql import functions as F  # noqa: N812 (Spark's own convention)
from pyspark.sql.types import StringType, StructField, StructType, VariantType

from cbx.runtime.auto_loader.errors import AutoLoaderError
from cbx.runtime.auto_loader.file_format import detect_format
from cbx.runtime.auto_loader.listing import LandedFile, list_files
from cbx.runtime.auto_loader.options import LoaderOptions, assume_header, read_options
from cbx.runtime.auto_loader.readers.columnar_stream import read_columnar
from cbx.runtime.auto_loader.readers.csv_stream import read_csv
from cbx.runtime.auto_loader.readers.json_stream import read_json
from cbx.runtime.auto_loader.readers.rescue import file_path, is_one_of
from cbx.runtime.auto_loader.readers.source import LandingSource, ParsedRows
from cbx.runtime.auto_loader.schema_inference.evolution import Landing, evolve, wanted_columns
from cbx.runtime.auto_loader.schemas import covers, find, read_ddl
from cbx.runtime.auto_loader.state import LoaderState, load_state, save_state
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, SparkSession

RESCUED: Final = "_rescued_data"
_FIXED: Final = {
    "text": "value STRING",
    "binaryFile": "path STRING, modificationTime TIMESTAMP, length BIGINT, content BINARY",
}


def _ignore_note(_note: str) -> None:
    """Ignore a note."""


def open_stream(
    spark: SparkSession,
    options: Mapping[str, str],
    path: str,
    schema: StructType | str | None,
    schema_folder: Path,
    *,
    note: Callable[[str], None] = _ignore_note,
) -> DataFrame:
    """Open a landing folder as a stream, as `spark.readStream.format("cloudFiles")` does on Databricks.

    This reads the schema of new files and updates the stored schema; the returned plan is fixed. Each file is read once
    per checkpoint, even if it changes later.

    Args:
        spark: The session.
        options: The options of the reader, `cloudFiles.*` and those of the format, as text.
        path: The landing folder, or a glob.
        schema: The schema given to the reader, if any.
        schema_folder: Where the schema is kept between updates; empty it for a full refresh.
        note: Receives notes on options without effect, and on files that changed after they were read.

    Returns:
        The data columns (inferred, then hinted ones; or as given), the partition columns, and the rescued data
        column; with a given schema the last only if `rescuedDataColumn` or the schema names it, or in mode
        `rescue`. `_metadata` can be selected by name.

    Raises:
        AutoLoaderError: An invalid option, folder or file. A query may fail later: see
            `explain_failure`.
    """
    old = load_state(schema_folder)
    rows, state = _open(_Opening(spark, options, path, schema, note, is_stream=True), old)
    save_state(schema_folder, old, state)
    return rows


def open_batch(
    spark: SparkSession,
    options: Mapping[str, str],
    path: str,
    schema: StructType | str | None,
    *,
    note: Callable[[str], None] = _ignore_note,
) -> DataFrame:
    """Read all files of a landing folder in batch, as ``read_files`` does on Databricks.

    Arguments, result and errors are those of ``open_stream``; there is no schema of earlier updates.
    """
    return _open(_Opening(spark, options, path, schema, note, is_stream=False), LoaderState())[0]


@dataclass(frozen=True, slots=True)
class _Opening:
    """The arguments of ``open_stream`` or ``open_batch``."""

    spark: SparkSession
    options: Mapping[str, str]
    path: str
    schema: StructType | str | None
    note: Callable[[str], None]
    is_stream: bool


def _open(opening: _Opening, old: LoaderState) -> tuple[DataFrame, LoaderState]:
    """The rows, and the state to be stored."""
    spark, path = opening.spark, opening.path
    checked = read_options(detect_format(spark, opening.options, path))
    for sentence in checked.notes:
        opening.note(sentence)
    given_schema = _given_schema(opening.schema, checked, opening.note)
    checked = assume_header(checked, is_inferred=given_schema is None)
    files = list_files(spark, checked, path)
    _note_changes(old, files, opening.note)
    mode = _mode(checked, is_given=given_schema is not None)
    rescued = _rescued_column(checked, given_schema, mode)
    is_plain = given_schema is not None and mode == "none" and rescued is None and not checked.skipped_rows
    landing = Landing(path, files, given_schema, mode, is_plain=is_plain)
    state = evolve(spark, checked, landing, old)
    return _rows(opening, checked, landing, state, rescued), state


def _given_schema(
    schema: StructType | str | None, options: LoaderOptions, note: Callable[[str], None]
) -> StructType | None:
    fixed = _FIXED.get(options.file_format)
    if fixed is not None:
        return read_ddl(fixed)
    if schema is None and options.variant_column is not None:
        return StructType([StructField(options.variant_column, VariantType())])
    if schema is None:
        return None
    if options.hints:
        note("cloudFiles.schemaHints has no effect if a schema is set")
    if options.evolution == "addNewColumns":
        raise AutoLoaderError(
            "cloudFiles.schemaEvolutionMode cannot be addNewColumns if a schema is set",
            hint="use cloudFiles.schemaHints instead of a schema",
        )
    try:
        return read_ddl(schema) if isinstance(schema, str) else schema
    except PySparkException as error:
        raise AutoLoaderError(f"invalid schema {schema!r}", hint="write `id BIGINT, name STRING`") from error


def _note_changes(old: LoaderState, files: tuple[LandedFile, ...], note: Callable[[str], None]) -> None:
    for file in files:
        if old.files.get(file.uri, (file.size, file.modified)) != (file.size, file.modified):
            note(
                f"{file.path}: the file was changed after it was read, and is not read again; write changed data to a "
                "new file"
            )


def _mode(options: LoaderOptions, *, is_given: bool) -> str:
    if options.file_format in _FIXED:
        return "none"
    return options.evolution or ("none" if is_given else "addNewColumns")


def _rescued_column(options: LoaderOptions, given: StructType | None, mode: str) -> str | None:
    """Inferred columns always include rescued data; a given schema does only with `rescuedDataColumn`."""
    if options.file_format in _FIXED:
        return None
    if options.rescued_column is not None:
        return options.rescued_column
    return RESCUED if given is None or mode == "rescue" or find(given, RESCUED) else None


def _rows(
    opening: _Opening, options: LoaderOptions, landing: Landing, state: LoaderState, rescued: str | None
) -> DataFrame:
    columns = wanted_columns(options, landing, state)
    columns = StructType([field for field in columns.fields if field.name != rescued])
    corrupt = None if landing.is_plain else _corrupt_column(options, columns)
    columns = StructType([field for field in columns.fields if field.name != corrupt])
    source = LandingSource(
        spark=opening.spark,
        options=options,
        landing=landing.path,
        columns=columns,
        seen=state.seen,
        known=tuple(file.uri for file in landing.files),
        headers=_headers(options, landing, columns, state),
        is_rescuing_new=landing.mode != "none" or options.rescued_column is not None,
        is_strict=rescued is None,
        is_stream=opening.is_stream,
    )
    parsed = _read_by_spark(source) if landing.is_plain else _read(source)
    rows = parsed.rows
    if state.skipped:
        rows = rows.where(~is_one_of(state.skipped))
    selected = {field.name: parsed.column(field.name) for field in columns.fields}
    selected |= {field.name: _partition(field) for field in state.partitions.fields}
    if corrupt is not None:
        selected[corrupt] = parsed.malformed
    if rescued is not None:
        selected[rescued] = parsed.rescued
    names = _order(landing.given, tuple(selected))
    return rows.select(*(selected[name].alias(name) for name in names))


def _corrupt_column(options: LoaderOptions, columns: StructType) -> str | None:
    """The column for the text of malformed records, if a schema or a hint declares it."""
    field = find(columns, options.corrupt_column)
    return field.name if field is not None and isinstance(field.dataType, StringType) else None


def _order(given: StructType | None, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names in the order of the given schema, then the others."""
    first = tuple(name for name in given.names if name in names) if given else ()
    return (*first, *(name for name in names if name not in first))


def _headers(
    options: LoaderOptions, landing: Landing, columns: StructType, state: LoaderState
) -> dict[str, tuple[str, ...]]:
    """The header of each CSV file.

    The columns of a given schema are matched by position where the files have no header, and where nothing is rescued:
    Spark's ``enforceSchema``.
    """
    headers = {uri: state.headers[place] for uri, place in state.header_of.items()}
    is_by_place = landing.mode == "none" and options.rescued_column is None
    if landing.given is None or (options.is_reader_set("header") and not is_by_place):
        return headers
    names = tuple(columns.names)
    return {uri: (*names[: len(header)], *header[len(names) :]) for uri, header in headers.items()}


def _read(source: LandingSource) -> ParsedRows:
    if source.options.file_format == "json":
        return read_json(source, is_all_known=covers(source.columns, source.seen))
    return read_csv(source) if source.options.file_format == "csv" else read_columnar(source)


def _read_by_spark(source: LandingSource) -> ParsedRows:
    """Read with Spark alone: with a schema, without evolution and without rescued data."""
    reader = source.reader(source.options.file_format).schema(source.columns)
    if source.options.file_format in ("json", "csv"):
        reader = reader.option("mode", source.options.malformed)
        reader = reader.option("columnNameOfCorruptRecord", source.options.corrupt_column)
    if source.options.variant_column is not None:
        reader = reader.option("singleVariantColumn", source.options.variant_column)
    rows = source.load(reader)
    nothing = F.lit(None).cast(StringType())
    return ParsedRows(rows, lambda name: F.col(quote(name)), nothing, nothing)


def _partition(field: StructField) -> Column:
    """A column from the Hive-style folder of a row's file."""
    # In a path a plus sign is literal, but url_decode reads it as a space.
    path = F.url_decode(F.replace(file_path(), F.lit("+"), F.lit("%2B")))
    text = F.regexp_extract(path, f".*/{re.escape(field.name)}=([^/]+)/", 1)
    value = F.coalesce(F.try_url_decode(F.replace(text, F.lit("+"), F.lit("%2B"))), text)
    return F.when(value.isin("", "__HIVE_DEFAULT_PARTITION__"), None).otherwise(value).try_cast(field.dataType)
