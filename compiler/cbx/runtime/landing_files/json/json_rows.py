"""Reads JSON landing files: their fields and their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql.types import StringType, StructType

from cbx.runtime.auto_loader.errors import malformed_record
from cbx.runtime.auto_loader.schemas import covers
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.json.json_rescue import Rescuer, make_rescuer, write_malformed
from cbx.runtime.landing_files.json.json_tables import SMALLEST, read_with_arrow
from cbx.runtime.landing_files.json.json_text import MalformedRecordError, parse_array, parse_record
from cbx.runtime.landing_files.json.json_values import (
    Converter,
    TextNeededError,
    convert_fields,
    make_converter,
    rewrite_numbers,
    write_json,
)
from cbx.runtime.landing_files.landed_text import decode_text, read_content, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.reading_plan import ReadingPlan
    from cbx.runtime.landing_files.rows import TableBuilder


def split_records(file: LandedFile, content: bytes, *, is_multi_line: bool) -> Iterator[str]:
    """The texts of the records of a file.

    Args:
        file: The file.
        content: Its bytes, decompressed.
        is_multi_line: Whether the file is one object or an array of objects, and not an object per line.

    Raises:
        NeedsSparkError: The file is not plain UTF-8, or it is not certain what its records are.
    """
    text = decode_text(file, content)
    if is_multi_line:
        yield from _read_document(text)
        return
    for line in split_lines(text):
        if line.isspace():
            if line.strip(" "):
                raise NeedsSparkError(f"{file.path} has a line of white space")
        elif line:
            yield line


def _read_document(text: str) -> Iterator[str]:
    if not text.strip(" "):
        return
    if text.isspace():
        raise NeedsSparkError("a JSON document is blank")
    if not text.lstrip(" ").startswith("["):
        yield text
        return
    for record in parse_array(text):
        if not isinstance(record, dict):
            raise NeedsSparkError("a JSON array has a record that is no object")
        yield write_json(rewrite_numbers(record))


def read_json(plan: ReadingPlan, files: tuple[LandedFile, ...], rows: TableBuilder) -> None:
    """Add the rows of JSON files.

    Args:
        plan: How the files are read.
        files: The new files.
        rows: Receives the rows.

    Raises:
        AutoLoaderError: A record is malformed, and the mode is FAILFAST.
        NeedsSparkError: It is not certain how Spark reads a record.
    """
    is_multi_line = plan.options.is_reader_set("multiLine")
    is_covered = not plan.is_rescuing_new or covers(plan.columns, plan.state.seen)
    is_by_reader = plan.landing.is_plain or (is_covered and not is_multi_line)
    parser = _make_parser(plan, is_by_reader=is_by_reader)
    for file in files:
        content = read_content(file)
        if not is_multi_line and is_by_reader and _add_with_arrow(parser, file, content, rows):
            continue
        for text in split_records(file, content, is_multi_line=is_multi_line):
            row = parser.parse(text, file)
            if row is not None:
                rows.add(row)
        rows.end_file(file)


@dataclass(frozen=True, slots=True)
class _JsonParser:
    """Parses JSON records.

    Attributes:
        plan: How the files are read.
        columns: The columns that have values in the records.
        converters: The converter of each of them.
        rescuer: Finds what does not fit.
        corrupt: The column for the text of malformed records.
    """

    plan: ReadingPlan
    columns: StructType
    converters: dict[str, Converter]
    rescuer: Rescuer
    corrupt: str | None

    def parse(self, text: str, file: LandedFile) -> dict[str, Any] | None:
        """The row of a record; None if it is dropped."""
        try:
            fields, row, is_whole = convert_record(text, self.converters)
        except MalformedRecordError:
            return self._malformed_row(text, file, dict.fromkeys(self.converters), is_record=False)
        if not is_whole and self.plan.rescued is None:
            return self._malformed_row(text, file, row, is_record=True)
        if self.corrupt is not None:
            row[self.corrupt] = None
        if self.plan.rescued is not None:
            row[self.plan.rescued] = self.rescuer.rescue(fields, row, file.uri, is_whole=is_whole)
        return row

    def _malformed_row(
        self, text: str, file: LandedFile, row: dict[str, Any], *, is_record: bool
    ) -> dict[str, Any] | None:
        mode = self.plan.options.malformed
        if mode == "FAILFAST" and self.plan.landing.is_plain:
            raise NeedsSparkError("a record is malformed, and the mode is FAILFAST")
        if mode == "FAILFAST":
            raise malformed_record(file.path)
        if mode == "DROPMALFORMED":
            return None
        if self.corrupt is not None:
            row[self.corrupt] = text
        if self.plan.rescued is not None and not is_record:
            row[self.plan.rescued] = write_malformed(text, file.uri)
        return row


def _make_parser(plan: ReadingPlan, *, is_by_reader: bool) -> _JsonParser:
    """The parser of the records of a plan.

    Args:
        plan: The plan.
        is_by_reader: Whether Spark's JSON reader would parse the records, and not a function on their texts.
    """
    corrupt = plan.options.corrupt_column if plan.landing.is_plain else plan.corrupt
    columns = StructType([field for field in plan.columns.fields if field.name != corrupt])
    if any(field.name == corrupt and field.dataType != StringType() for field in plan.columns.fields):
        raise NeedsSparkError(f"the column {corrupt} is no text")
    seen = plan.columns if is_by_reader else plan.state.seen
    return _JsonParser(
        plan=plan,
        columns=columns,
        converters={field.name: make_converter(field.dataType, is_exact=is_by_reader) for field in columns.fields},
        rescuer=make_rescuer(plan.columns, seen, is_rescuing_new=plan.is_rescuing_new and not is_by_reader),
        corrupt=corrupt,
    )


def _add_with_arrow(parser: _JsonParser, file: LandedFile, content: bytes, rows: TableBuilder) -> bool:
    """Add the rows of a large file whose records all fit; false if they must be read one by one."""
    columns = read_with_arrow(content, parser.columns) if file.size >= SMALLEST else None
    if columns is None:
        return False
    rows.add_file(file, columns, len(columns[parser.columns.names[0]]))
    return True


def convert_record(text: str, converters: dict[str, Converter]) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """The fields of a record, the values of its columns, and whether all fields fit.

    Raises:
        MalformedRecordError: The text is malformed.
        NeedsSparkError: It is not certain how Spark reads it.
    """
    fields = parse_record(text)
    try:
        return fields, *convert_fields(fields, converters)
    except TextNeededError:
        fields = parse_record(text, is_exact=True)
        return fields, *convert_fields(fields, converters)
