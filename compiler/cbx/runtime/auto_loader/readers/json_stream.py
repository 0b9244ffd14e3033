"""JSON landing files as a stream of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyspark.sql import functions as F  # noqa: N812 (Spark's own convention)
from pyspark.sql.types import StringType, StructField, StructType

from cbx.runtime.auto_loader.readers.rescue import (
    CORRUPT,
    JsonRecord,
    apply_mode,
    has_unknown_names,
    is_malformed_json,
    record_text,
    refuse_unknown_files,
    rescue_json,
)
from cbx.runtime.auto_loader.readers.source import LandingSource, ParsedRows
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from pyspark.sql import Column

_RECORD: Final = "__cbx_record"
_RAW: Final = "__cbx_raw"


def read_json(source: LandingSource, *, is_all_known: bool) -> ParsedRows:
    """Read JSON records with the wanted columns.

    If every field of the files has a column, Spark's reader parses them, and returns the text only of records that did
    not fit. Otherwise the text of every record is needed, to find fields without a column.

    Args:
        source: What to read.
        is_all_known: Whether every field name in the files has a column.
    """
    is_plain = (is_all_known or not source.is_rescuing_new) and not source.options.is_reader_set("multiLine")
    return _read_by_spark(source) if is_plain else _read_texts(source)


def _read_by_spark(source: LandingSource) -> ParsedRows:
    schema = StructType([*source.columns.fields, StructField(CORRUPT, StringType())])
    reader = source.reader("json").option("columnNameOfCorruptRecord", CORRUPT)
    rows = source.load(reader.schema(schema))
    if source.is_rescuing_new:
        rows = refuse_unknown_files(rows, source)
    raw = record_text(_column(source.columns.names[0])) if source.columns.fields else F.col(CORRUPT)
    options = _parser_options(source)
    is_malformed = raw.isNotNull() if source.is_strict else is_malformed_json(raw, options)
    rows = apply_mode(rows, is_malformed, source.options.malformed)
    record = JsonRecord(raw, _column, source.columns, source.columns, F.lit(True), options)
    rescued = F.when(raw.isNotNull(), rescue_json(record))
    return ParsedRows(rows, _column, rescued, F.when(is_malformed, raw))


def _column(name: str) -> Column:
    return F.col(quote(name))


def _read_texts(source: LandingSource) -> ParsedRows:
    is_whole = source.options.is_reader_set("multiLine")
    reader = source.text_reader()
    if is_whole:
        reader = reader.option("wholetext", "true")
    options = _parser_options(source)
    rows = source.load(reader)
    if source.is_rescuing_new:
        rows = refuse_unknown_files(rows, source)
    rows = rows.select(_records(source, options).alias(_RAW))
    raw = F.col(_RAW)
    rows = rows.where(F.trim(raw) != "")
    spellings = _spellings(source)
    rows = rows.select(_RAW, _parse(raw, spellings, options).alias(_RECORD))

    def parsed_column(name: str) -> Column:
        return F.col(_RECORD).getField(f"p{spellings.names.index(name)}")

    def column(name: str) -> Column:
        return F.coalesce(*(parsed_column(other) for other in spellings.names if _is_spelled(source, name, other)))

    is_rejected = F.col(_RECORD).getField(CORRUPT).isNotNull()
    is_malformed = is_rejected if source.is_strict else is_malformed_json(raw, options)
    rows = apply_mode(rows, is_malformed, source.options.malformed)
    record = JsonRecord(raw, parsed_column, spellings, source.seen, is_rejected, options)
    is_needed = is_rejected | has_unknown_names(record) if source.is_rescuing_new else is_rejected
    rescued = F.when(is_needed, rescue_json(record))
    return ParsedRows(rows, column, rescued, F.when(is_malformed, raw))


def _spellings(source: LandingSource) -> StructType:
    """The wanted columns under every spelling of their fields in the files."""
    fields = []
    for field in source.columns.fields:
        others = [name for name in source.seen.names if _is_spelled(source, field.name, name) and name != field.name]
        fields += [StructField(name, field.dataType) for name in (field.name, *others)]
    return StructType(fields)


def _is_spelled(source: LandingSource, name: str, other: str) -> bool:
    is_same = name.lower() == other.lower() and not source.options.is_case_sensitive
    return is_same or name == other


def _parse(raw: Column, spellings: StructType, options: dict[str, str]) -> Column:
    """The record's fields, named by position, since Spark cannot address names that differ only in case."""
    corrupt = StructField(CORRUPT, StringType())
    record = F.from_json(
        raw, StructType([*spellings.fields, corrupt]), {**options, "columnNameOfCorruptRecord": CORRUPT}
    )
    places = [StructField(f"p{place}", field.dataType) for place, field in enumerate(spellings.fields)]
    return record.cast(StructType([*places, corrupt]))


def _records(source: LandingSource, options: dict[str, str]) -> Column:
    """The records of a text: its elements if it is an array, else the text itself."""
    text = F.col("value")
    encoding = source.options.reader_value("encoding", source.options.reader_value("charset", "UTF-8"))
    if encoding.lower() not in ("utf-8", "utf8"):
        text = F.decode(text.cast("binary"), encoding)
    elements = F.coalesce(F.from_json(text, "array<string>", options), F.array(text))
    return F.explode(F.when(F.ltrim(text).startswith("["), elements).otherwise(F.array(text)))


def _parser_options(source: LandingSource) -> dict[str, str]:
    left_out = ("multiline", "encoding", "charset", "linesep")
    return {key: value for key, value in source.options.reader.items() if key.lower() not in left_out}
