"""Plans how landing files are read: their columns, and where values without a column go. Every engine follows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyspark.errors import PySparkException
from pyspark.sql.types import StringType, StructField, StructType, VariantType

from cbx.runtime.auto_loader.errors import AutoLoaderError
from cbx.runtime.auto_loader.file_format import detect_format
from cbx.runtime.auto_loader.options import LoaderOptions, assume_header, read_options
from cbx.runtime.auto_loader.schema_inference.evolution import Landing, SchemaReader, evolve, wanted_columns
from cbx.runtime.auto_loader.schemas import find, read_ddl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.state import LoaderState

RESCUED: Final = "_rescued_data"
_FIXED: Final = {
    "text": "value STRING",
    "binaryFile": "path STRING, modificationTime TIMESTAMP, length BIGINT, content BINARY",
}


@dataclass(frozen=True, slots=True)
class Opening:
    """How a notebook opens a landing folder.

    Attributes:
        options: The options of the reader, `cloudFiles.*` and those of the format, as text.
        path: The landing folder, or a glob.
        schema: The schema given to the reader, if any.
        note: Receives notes on options without effect, and on files that changed after they were read.
    """

    options: Mapping[str, str]
    path: str
    schema: StructType | str | None
    note: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """How the files of a landing folder are read.

    Attributes:
        options: The checked options.
        landing: The folder and its files.
        state: The state to be stored, with the schema of this update.
        columns: The data columns, with hints applied.
        headers: The header of each CSV file, by URI.
        rescued: The rescued data column, if there is one.
        corrupt: The column for the text of malformed records, if there is one.
        names: All columns of the result, in their order.
    """

    options: LoaderOptions
    landing: Landing
    state: LoaderState
    columns: StructType
    headers: Mapping[str, tuple[str, ...]]
    rescued: str | None
    corrupt: str | None
    names: tuple[str, ...]

    @property
    def is_rescuing_new(self) -> bool:
        """Whether a field without a column goes to the rescued data column."""
        return self.landing.mode != "none" or self.options.rescued_column is not None


def plan_reading(reader: SchemaReader, opening: Opening, old: LoaderState) -> ReadingPlan:
    """Check the options, read the schema of new files, and decide the columns.

    Args:
        reader: Lists files and reads their schemas.
        opening: What the notebook asks for.
        old: The state of the last update.

    Raises:
        AutoLoaderError: An invalid option, folder or file.
    """
    checked = read_options(detect_format(reader, opening.options, opening.path))
    for sentence in checked.notes:
        opening.note(sentence)
    given_schema = _given_schema(opening.schema, checked, opening.note)
    checked = assume_header(checked, is_inferred=given_schema is None)
    files = reader.list_files(checked, opening.path)
    _note_changes(old, files, opening.note)
    mode = _mode(checked, is_given=given_schema is not None)
    rescued = _rescued_column(checked, given_schema, mode)
    is_plain = given_schema is not None and mode == "none" and rescued is None and not checked.skipped_rows
    landing = Landing(opening.path, files, given_schema, mode, is_plain=is_plain)
    return _plan_columns(checked, landing, evolve(reader, checked, landing, old), rescued)


def _plan_columns(options: LoaderOptions, landing: Landing, state: LoaderState, rescued: str | None) -> ReadingPlan:
    columns = wanted_columns(options, landing, state)
    columns = StructType([field for field in columns.fields if field.name != rescued])
    corrupt = None if landing.is_plain else _corrupt_column(options, columns)
    columns = StructType([field for field in columns.fields if field.name != corrupt])
    others = (*state.partitions.names, *(name for name in (corrupt, rescued) if name is not None))
    names = tuple(dict.fromkeys((*columns.names, *others)))
    return ReadingPlan(
        options=options,
        landing=landing,
        state=state,
        columns=columns,
        headers=_headers(options, landing, columns, state),
        rescued=rescued,
        corrupt=corrupt,
        names=_order(landing.given, names),
    )


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
            note(f"{file.path}: {_CHANGED}")


_CHANGED: Final = "the file was changed after it was read, and is not read again; write changed data to a new file"


def is_about_changed_file(note: str) -> bool:
    """Whether a note says that a file was changed after it was read, which is noted only once."""
    return note.endswith(_CHANGED)


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
