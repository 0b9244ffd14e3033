"""From the files that landed and the schema so far to the schema of this update."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pyspark.sql.types import IntegerType, StringType, StructField, StructType

from cbx.runtime.auto_loader.errors import AutoLoaderError
from cbx.runtime.auto_loader.inference import infer_columnar, infer_csv, infer_headers, infer_json
from cbx.runtime.auto_loader.known_fields import known_fields
from cbx.runtime.auto_loader.listing import LandedFile, partition_columns
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
    from pyspark.sql import SparkSession

    from cbx.runtime.auto_loader.options import LoaderOptions
    from cbx.runtime.auto_loader.state import LoaderState

_TEXT_FORMATS: Final = ("json", "csv")


@dataclass(frozen=True, slots=True)
class Landing:
    """The landing folder of one update.

    Attributes:
        path: The path given to `load`.
        files: What lies there.
        given: The schema given by the notebook, without partition columns and rescued data; None to infer.
        mode: The evolution mode.
        is_plain: Whether Spark's reader gives all that is asked for, so that nobody has to look at the files.
    """

    path: str
    files: tuple[LandedFile, ...]
    given: StructType | None
    mode: str
    is_plain: bool


def evolve(spark: SparkSession, options: LoaderOptions, landing: Landing, old: LoaderState) -> LoaderState:
    """Look at the files that were not looked at before, and let the schema grow as the mode allows.

    Databricks stops the stream at a new column, stores it, and the pipeline restarts the flow. The outcome is the
    same here without the stop, since the files are looked at before the stream starts.

    Raises:
        AutoLoaderError: Nothing to infer from, a new column where none may come, or a file that cannot be read.
    """
    # Beside a schema nobody has looked at the columns of earlier files.
    looked_at = old.files if old.columns is not None or landing.given is not None else {}
    fresh = tuple(file for file in landing.files if looked_at.get(file.uri) != (file.size, file.modified))
    if landing.is_plain:
        fresh = ()
    looked = _read_new_headers(spark, options, landing, old, fresh)
    found = _infer(spark, options, landing, fresh, looked) if fresh else StructType([])
    partitions = _partitions(options, landing, old)
    found = StructType([field for field in found.fields if find(partitions, field.name) is None])
    columns = _columns(options, landing, old, found) if landing.given is None else None
    _refuse_new(landing, found, merge(columns or StructType([]), landing.given or StructType([])))
    return replace(
        looked,
        columns=columns,
        seen=_seen_fields(options, landing, old, found),
        files={file.uri: (file.size, file.modified) for file in landing.files},
        partitions=partitions,
        skipped=_skipped_files(options, landing, old),
    )


def wanted_columns(options: LoaderOptions, landing: Landing, state: LoaderState) -> StructType:
    """The data columns of the stream, with the notebook's hints applied.

    Raises:
        AutoLoaderError: A hint that cannot be read.
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
    spark: SparkSession,
    options: LoaderOptions,
    landing: Landing,
    old: LoaderState,
    fresh: tuple[LandedFile, ...],
) -> LoaderState:
    if options.file_format != "csv":
        return old
    found = infer_headers(spark, options, fresh)
    headers = tuple(dict.fromkeys((*old.headers, *found.values())))
    header_of = {**old.header_of, **{uri: headers.index(header) for uri, header in found.items()}}
    here = {file.uri for file in landing.files}
    return replace(old, headers=headers, header_of={uri: header_of[uri] for uri in header_of if uri in here})


def _infer(
    spark: SparkSession,
    options: LoaderOptions,
    landing: Landing,
    fresh: tuple[LandedFile, ...],
    looked: LoaderState,
) -> StructType:
    if options.file_format == "json":
        return _infer_known_fields(options, landing, fresh, looked) or infer_json(spark, options, fresh)
    if options.file_format == "csv":
        headers = {file.uri: looked.headers[looked.header_of[file.uri]] for file in fresh}
        hinted = apply_hints(StructType([]), parse_hints(options.hints))
        return infer_csv(spark, options, fresh, headers, merge(looked.columns or StructType([]), hinted))
    return infer_columnar(spark, options, fresh)


def _infer_known_fields(
    options: LoaderOptions, landing: Landing, fresh: tuple[LandedFile, ...], looked: LoaderState
) -> StructType | None:
    """The fields of JSON files where all of them are known, so that Spark need not look for others.

    The first time, the order of the columns is that in which Spark finds them: the files must have all of them, and
    no hint may be about a field inside of a column.
    """
    hints = parse_hints(options.hints)
    is_first = looked.columns is None and landing.given is None
    if is_first and any(len(path) > 1 for path, _ in hints):
        return None
    known = merge(looked.columns or landing.given or StructType([]), apply_hints(StructType([]), hints))
    found = known_fields(fresh, known, options.reader)
    if found is None or (is_first and not found.have_values):
        return None
    return found.fields


def _columns(options: LoaderOptions, landing: Landing, old: LoaderState, found: StructType) -> StructType | None:
    hinted = apply_hints(StructType([]), parse_hints(options.hints))
    if old.columns is None:
        if not landing.files and not hinted.fields:
            raise AutoLoaderError(
                "the landing folder is empty, so there is nothing to infer a schema from",
                path=landing.path,
                hint="give cloudFiles.schemaHints or a schema, or let a file land first",
            )
        if not landing.files and landing.mode != "addNewColumns":
            return None
        return merge(distinct_names(found), hinted)
    if landing.mode == "addNewColumns":
        return merge(merge(old.columns, distinct_names(found)), hinted)
    return merge(old.columns, hinted)


def _refuse_new(landing: Landing, found: StructType, known: StructType) -> None:
    names = [field.name for field in found.fields if find(known, field.name) is None]
    if names and landing.mode == "failOnNewColumns":
        raise AutoLoaderError(
            f"new files hold the columns {', '.join(names)}, and cloudFiles.schemaEvolutionMode is failOnNewColumns",
            path=landing.path,
            hint="add them to the schema or to cloudFiles.schemaHints, or take the files away",
        )


def _seen_fields(options: LoaderOptions, landing: Landing, old: LoaderState, found: StructType) -> StructType:
    if options.file_format in _TEXT_FORMATS:
        return every_name(old.seen, found)
    types = widest_schema(old.seen, make_nullable(found))
    if types is None:
        raise AutoLoaderError(
            "new files hold a column with a type that does not go with that of earlier files",
            path=landing.path,
            hint="land the column under its earlier type, or run with --full-refresh",
        )
    return types


def _partitions(options: LoaderOptions, landing: Landing, old: LoaderState) -> StructType:
    found = partition_columns(landing.files, options, landing.path)
    hinted = apply_hints(StructType([]), parse_hints(options.hints))
    fields = []
    for name, is_number in found:
        known = find(hinted, name) or (find(landing.given, name) if landing.given else None)
        is_typed = is_number and options.infer_types
        fields.append(known or StructField(name, IntegerType() if is_typed else StringType()))
    return merge(old.partitions, StructType(fields))


def _skipped_files(options: LoaderOptions, landing: Landing, old: LoaderState) -> tuple[str, ...]:
    if old.skipped is not None:
        return old.skipped
    return () if options.include_existing else tuple(file.uri for file in landing.files)
