"""Schema evolution: computes the schema of this update from the new files and the stored schema."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from pyspark.sql.types import IntegerType, StringType, StructField, StructType

from cbx.runtime.auto_loader.errors import AutoLoaderError
from cbx.runtime.auto_loader.listing import LandedFile, is_limited_in_time, partition_columns
from cbx.runtime.auto_loader.schema_inference.known_fields import known_fields
from cbx.runtime.auto_loader.schemas import (
    apply_hints,
    distinct_names,
    every_name,
    find,
    make_nullable,
    make_strings,
    merge,
    parse_hints,
    widest_schema,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cbx.runtime.auto_loader.options import LoaderOptions
    from cbx.runtime.auto_loader.state import LoaderState

_TEXT_FORMATS: Final = ("json", "csv")


@dataclass(frozen=True, slots=True)
class Landing:
    """The landing folder of one update.

    Attributes:
        path: The path given to `load`.
        files: Its files.
        given: The schema given by the notebook, without partition columns and rescued data; None to infer.
        mode: The evolution mode.
        is_plain: Whether Spark's reader does everything, so that the files are not read for their schema.
    """

    path: str
    files: tuple[LandedFile, ...]
    given: StructType | None
    mode: str
    is_plain: bool


class SchemaReader(Protocol):
    """Reads the schemas of landing files with one engine. Each method raises ``AutoLoaderError``."""

    def list_files(self, options: LoaderOptions, path: str) -> tuple[LandedFile, ...]:
        """The files of a folder or glob, by name."""

    def infer_json(self, options: LoaderOptions, files: tuple[LandedFile, ...], folder: str | None, /) -> StructType:
        """The fields of all records of JSON files, in alphabetical order; with a folder, they are all that it has."""

    def infer_columnar(self, options: LoaderOptions, files: tuple[LandedFile, ...]) -> StructType:
        """The merged schemas of Parquet or ORC files."""

    def read_header(self, options: LoaderOptions, file: LandedFile) -> tuple[str, ...]:
        """The column names of a CSV file; none for an empty file."""

    def infer_csv_types(
        self, options: LoaderOptions, files: tuple[LandedFile, ...], header: tuple[str, ...]
    ) -> StructType:
        """The columns of CSV files with one header, with types for their values."""


def evolve(reader: SchemaReader, options: LoaderOptions, landing: Landing, old: LoaderState) -> LoaderState:
    """Read the schema of new files, and update the stored schema as the mode allows.

    Databricks stops the stream at a new column, stores it, and the pipeline restarts the flow. The result is the
    same here without the stop, since the schemas are read before the stream starts.

    Raises:
        AutoLoaderError: There is nothing to infer from, a new column is not allowed, or a file cannot be read.
    """
    # With a given schema, the columns of earlier files were not read.
    looked_at = old.files if old.columns is not None or landing.given is not None else {}
    fresh = tuple(file for file in landing.files if looked_at.get(file.uri) != (file.size, file.modified))
    if landing.is_plain:
        fresh = ()
    looked = _read_new_headers(reader, options, landing, old, fresh)
    inferred = _infer(reader, options, landing, fresh, looked) if fresh else StructType([])
    partitions = _partitions(options, landing, old)
    inferred = StructType([field for field in inferred.fields if find(partitions, field.name) is None])
    columns = _columns(options, landing, old, inferred) if landing.given is None else None
    _refuse_new(landing, inferred, merge(columns or StructType([]), landing.given or StructType([])))
    return replace(
        looked,
        columns=columns,
        seen=_seen_fields(options, landing, old, inferred),
        files={file.uri: (file.size, file.modified) for file in landing.files},
        partitions=partitions,
        skipped=_skipped_files(options, landing, old),
    )


def wanted_columns(options: LoaderOptions, landing: Landing, state: LoaderState) -> StructType:
    """The data columns of the stream, with the notebook's hints applied.

    Raises:
        AutoLoaderError: A hint cannot be parsed.
    """
    if landing.given is not None:
        given = make_nullable(landing.given)
        return StructType([field for field in given.fields if find(state.partitions, field.name) is None])
    hints = parse_hints(options.hints)
    columns = state.columns or StructType([])
    if options.file_format in _TEXT_FORMATS and not options.infer_types:
        columns = make_strings(columns, {path[0].lower() for path, _ in hints if len(path) > 1})
    hinted = apply_hints(columns, hints)
    return StructType([field for field in hinted.fields if find(state.partitions, field.name) is None])


def _read_new_headers(
    reader: SchemaReader,
    options: LoaderOptions,
    landing: Landing,
    old: LoaderState,
    fresh: tuple[LandedFile, ...],
) -> LoaderState:
    if options.file_format != "csv":
        return old
    new_headers = {file.uri: reader.read_header(options, file) for file in fresh}
    headers = tuple(dict.fromkeys((*old.headers, *new_headers.values())))
    header_of = {**old.header_of, **{uri: headers.index(header) for uri, header in new_headers.items()}}
    here = {file.uri for file in landing.files}
    return replace(old, headers=headers, header_of={uri: header_of[uri] for uri in header_of if uri in here})


def _infer(
    reader: SchemaReader,
    options: LoaderOptions,
    landing: Landing,
    fresh: tuple[LandedFile, ...],
    looked: LoaderState,
) -> StructType:
    if options.file_format == "json":
        is_whole = fresh == landing.files and not is_limited_in_time(options)
        known = _infer_known_fields(options, landing, fresh, looked)
        return known or reader.infer_json(options, fresh, landing.path if is_whole else None)
    if options.file_format == "csv":
        headers = {file.uri: looked.headers[looked.header_of[file.uri]] for file in fresh}
        hinted = apply_hints(StructType([]), parse_hints(options.hints))
        return _infer_csv(reader, options, headers, fresh, merge(looked.columns or StructType([]), hinted))
    return reader.infer_columnar(options, fresh)


def _infer_csv(
    reader: SchemaReader,
    options: LoaderOptions,
    headers: Mapping[str, tuple[str, ...]],
    files: tuple[LandedFile, ...],
    known: StructType,
) -> StructType:
    """Infer the columns of CSV files from their headers, and types for those that have no type in ``known``."""
    columns = StructType([])
    for header in dict.fromkeys(headers[file.uri] for file in files if headers[file.uri]):
        inferred = StructType([StructField(name, StringType()) for name in header])
        if options.infer_types and any(find(known, name) is None for name in header):
            alike = tuple(file for file in files if headers[file.uri] == header)
            inferred = reader.infer_csv_types(options, alike, header)
        columns = merge(columns, inferred, is_widening=True)
    return columns


def _infer_known_fields(
    options: LoaderOptions, landing: Landing, fresh: tuple[LandedFile, ...], looked: LoaderState
) -> StructType | None:
    """The fields of JSON files if all of them are known, so that Spark need not infer them.

    In the first update the columns are in the order in which Spark infers them: the files must have all of them, and no
    hint may be for a field inside a column.
    """
    hints = parse_hints(options.hints)
    is_first = looked.columns is None and landing.given is None
    if is_first and any(len(path) > 1 for path, _ in hints):
        return None
    columns = merge(looked.columns or landing.given or StructType([]), apply_hints(StructType([]), hints))
    known = known_fields(fresh, columns, options.reader)
    if known is None or (is_first and not known.have_values):
        return None
    return known.fields


def _columns(options: LoaderOptions, landing: Landing, old: LoaderState, inferred: StructType) -> StructType | None:
    hinted = apply_hints(StructType([]), parse_hints(options.hints))
    if old.columns is None:
        if not landing.files and not hinted.fields:
            raise AutoLoaderError(
                "the landing folder is empty, so no schema can be inferred",
                path=landing.path,
                hint="set cloudFiles.schemaHints or a schema, or add a file",
            )
        if not landing.files and landing.mode != "addNewColumns":
            return None
        return merge(distinct_names(inferred), hinted)
    if landing.mode == "addNewColumns":
        return merge(merge(old.columns, distinct_names(inferred)), hinted)
    return merge(old.columns, hinted)


def _refuse_new(landing: Landing, inferred: StructType, known: StructType) -> None:
    names = [field.name for field in inferred.fields if find(known, field.name) is None]
    if names and landing.mode == "failOnNewColumns":
        raise AutoLoaderError(
            f"new files have the columns {', '.join(names)}, and cloudFiles.schemaEvolutionMode is failOnNewColumns",
            path=landing.path,
            hint="add them to the schema or to cloudFiles.schemaHints, or remove the files",
        )


def _seen_fields(options: LoaderOptions, landing: Landing, old: LoaderState, inferred: StructType) -> StructType:
    if options.file_format in _TEXT_FORMATS:
        return every_name(old.seen, inferred)
    types = widest_schema(old.seen, make_nullable(inferred))
    if types is None:
        raise AutoLoaderError(
            "new files have a column whose type conflicts with earlier files",
            path=landing.path,
            hint="write the column with its earlier type, or run with --full-refresh",
        )
    return types


def _partitions(options: LoaderOptions, landing: Landing, old: LoaderState) -> StructType:
    columns = partition_columns(landing.files, options, landing.path)
    hinted = apply_hints(StructType([]), parse_hints(options.hints))
    fields = []
    for name, is_number in columns:
        typed = find(hinted, name) or (find(landing.given, name) if landing.given else None)
        is_typed = is_number and options.infer_types
        fields.append(typed or StructField(name, IntegerType() if is_typed else StringType()))
    return merge(old.partitions, StructType(fields))


def _skipped_files(options: LoaderOptions, landing: Landing, old: LoaderState) -> tuple[str, ...]:
    if old.skipped is not None:
        return old.skipped
    return () if options.include_existing else tuple(file.uri for file in landing.files)
