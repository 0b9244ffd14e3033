"""CSV landing files as a stream of rows, each column found by its name in the file's own header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyspark.sql import functions as F  # noqa: N812 (Spark's own convention)
from pyspark.sql.types import StringType, StructField, StructType

from cbx.runtime.auto_loader.errors import ARRIVED_LATE
from cbx.runtime.auto_loader.readers.csv_records import split_records
from cbx.runtime.auto_loader.readers.rescue import (
    CORRUPT,
    FILE_KEY,
    apply_mode,
    file_path,
    is_one_of,
    malformed_json,
    record_text,
    refuse_unknown_files,
)
from cbx.runtime.auto_loader.readers.source import LandingSource, ParsedRows
from cbx.runtime.auto_loader.schemas import find
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import Column, DataFrame

_RECORD: Final = "__cbx_record"
_TEXT: Final = "__cbx_text"
_RESCUED: Final = "__cbx_rescued"
_MALFORMED: Final = "__cbx_malformed"

Header = tuple[str, ...]


def read_csv(source: LandingSource) -> ParsedRows:
    """Read CSV records with the wanted columns.

    If all files have the same header, Spark's reader parses them. Otherwise the reader returns the text of each record,
    and each header has its own parser.
    """
    headers = tuple(dict.fromkeys(header for header in source.headers.values() if header))
    if source.options.skipped_rows:
        return _parse_records(source, headers, *_records_after_skipped_rows(source))
    if len(headers) < 2:
        return _read_with_one_header(source, headers[0] if headers else ())
    return _parse_records(source, headers, *_all_records(source))


def _read_with_one_header(source: LandingSource, header: Header) -> ParsedRows:
    # A reader needs a column, also for a folder without records.
    schema = _positional_schema(source, header or ("",))
    reader = source.reader("csv").option("columnNameOfCorruptRecord", CORRUPT)
    rows = refuse_unknown_files(source.load(reader.schema(schema)), source)
    raw = record_text(F.col("p0"))

    def parsed_column(place: int) -> Column:
        return F.col(f"p{place}")

    is_malformed = _is_malformed(source, header, raw)
    rows = apply_mode(rows, is_malformed, source.options.malformed)
    rescued = _rescue(source, header, raw, parsed_column)
    return ParsedRows(rows, _column_by_name(source, header, parsed_column), rescued, F.when(is_malformed, raw))


def _is_malformed(source: LandingSource, header: Header, misfit: Column) -> Column:
    """Whether a record has too few or too many values, or, without a rescued data column, one of another type.

    Args:
        source: What to read.
        header: The file's columns.
        misfit: The record's text if it did not fit, else NULL.
    """
    if source.is_strict:
        return misfit.isNotNull()
    return misfit.isNotNull() & _tokens(source, header, misfit)[CORRUPT].isNotNull()


def _all_records(source: LandingSource) -> tuple[DataFrame, Column]:
    """The text of every record of all files."""
    # With one column too few, no record fits, so that Spark returns its text.
    schema = StructType([StructField("p0", StringType()), StructField(CORRUPT, StringType())])
    reader = source.reader("csv").option("columnNameOfCorruptRecord", CORRUPT)
    rows = source.load(reader.schema(schema))
    return rows, F.coalesce(F.col(CORRUPT), F.col("p0"))


def _records_after_skipped_rows(source: LandingSource) -> tuple[DataFrame, Column]:
    """The text of every record of all files, without the first lines of each."""
    reader = source.text_reader()
    texts = source.load(reader.option("wholetext", "true"))
    records = split_records(F.col("value"), source.options, has_header=source.options.is_reader_set("header"))
    return texts.select(F.explode(records).alias(_TEXT)), F.col(_TEXT)


def _parse_records(source: LandingSource, headers: tuple[Header, ...], rows: DataFrame, raw: Column) -> ParsedRows:
    """Parse the text of each record with the header of its file."""
    late = F.raise_error(F.concat(F.lit(f"{ARRIVED_LATE} "), file_path()))
    record: Column | None = None
    for header in headers:
        uris = [uri for uri, file_header in source.headers.items() if file_header == header]
        chosen, value = is_one_of(uris), _record(source, header, raw)
        record = F.when(chosen, value) if record is None else record.when(chosen, value)
    rows = rows.select((late if record is None else record.otherwise(late)).alias(_RECORD))

    def column(name: str) -> Column:
        return F.col(_RECORD).getField(f"c{source.columns.names.index(name)}")

    malformed = F.col(_RECORD).getField(_MALFORMED)
    rows = apply_mode(rows, malformed.isNotNull(), source.options.malformed)
    return ParsedRows(rows, column, F.col(_RECORD).getField(_RESCUED), malformed)


def _record(source: LandingSource, header: Header, raw: Column) -> Column:
    """One record of a file with this header, as a struct of the wanted columns and the rescued data."""
    options = {**_parser_options(source), "columnNameOfCorruptRecord": CORRUPT}
    values = F.from_csv(raw, _ddl(_positional_schema(source, header)), options)

    def of_values(values: Column) -> Column:
        def parsed_column(place: int) -> Column:
            return values.getField(f"p{place}")

        by_name = _column_by_name(source, header, parsed_column)
        misfit = F.when(values.getField(CORRUPT).isNotNull(), raw)
        return F.struct(
            *(by_name(name).alias(f"c{place}") for place, name in enumerate(source.columns.names)),
            _rescue(source, header, misfit, parsed_column).alias(_RESCUED),
            F.when(_is_malformed(source, header, misfit), misfit).alias(_MALFORMED),
        )

    return F.transform(F.array(values), of_values)[0]


def _wanted_column(source: LandingSource, name: str) -> StructField | None:
    return find(source.columns, name, is_case_sensitive=source.options.is_case_sensitive)


def _positional_schema(source: LandingSource, header: Header) -> StructType:
    """The columns of a file in its own order, named by place, since a header may repeat a name."""
    fields = []
    for place, name in enumerate(header):
        field = _wanted_column(source, name)
        fields.append(StructField(f"p{place}", field.dataType if field else StringType()))
    return StructType([*fields, StructField(CORRUPT, StringType())])


def _column_by_name(
    source: LandingSource, header: Header, parsed_column: Callable[[int], Column]
) -> Callable[[str], Column]:
    places = {field.name: place for place, name in enumerate(header) if (field := _wanted_column(source, name))}

    def column(name: str) -> Column:
        kind = source.columns[name].dataType
        return parsed_column(places[name]) if name in places else F.lit(None).cast(kind)

    return column


def _tokens(source: LandingSource, header: Header, raw: Column) -> Column:
    """The record's values as text; the corrupt column is set if there are too few or too many of them."""
    schema = StructType([StructField(f"p{place}", StringType()) for place in range(len(header) or 1)])
    options = {**_parser_options(source), "columnNameOfCorruptRecord": CORRUPT}
    return F.from_csv(raw, _ddl(StructType([*schema.fields, StructField(CORRUPT, StringType())])), options)


def _rescue(source: LandingSource, header: Header, raw: Column, parsed_column: Callable[[int], Column]) -> Column:
    """The rescued data of one record; `raw` is its text if it did not fit, else NULL."""

    def of_tokens(tokens: Column) -> Column:
        entries = []
        for place, name in enumerate(header):
            token = tokens.getField(f"p{place}")
            if _wanted_column(source, name):
                entries += [F.lit(name), F.when(parsed_column(place).isNull(), token)]
            elif source.is_rescuing_new:
                entries += [F.lit(name), parsed_column(place)]
        if not entries:
            return F.when(tokens.getField(CORRUPT).isNotNull(), malformed_json(raw))
        rescued = F.map_filter(F.create_map(*entries), lambda _, value: value.isNotNull())
        origin = F.create_map(F.lit(FILE_KEY), file_path())
        return F.when(tokens.getField(CORRUPT).isNotNull(), malformed_json(raw)).when(
            F.size(rescued) > 0, F.to_json(F.map_concat(rescued, origin))
        )

    unknown = [
        place for place, name in enumerate(header) if source.is_rescuing_new and not _wanted_column(source, name)
    ]
    is_needed = raw.isNotNull()
    for place in unknown:
        is_needed = is_needed | parsed_column(place).isNotNull()
    rescued = F.transform(F.array(_tokens(source, header, raw)), of_tokens)[0]
    return F.when(is_needed, rescued)


def _parser_options(source: LandingSource) -> dict[str, str]:
    left_out = ("header", "multiline", "encoding", "charset", "linesep", "enforceschema")
    return {key: value for key, value in source.options.reader.items() if key.lower() not in left_out}


def _ddl(schema: StructType) -> str:
    return ", ".join(f"{quote(field.name)} {field.dataType.simpleString()}" for field in schema.fields)
