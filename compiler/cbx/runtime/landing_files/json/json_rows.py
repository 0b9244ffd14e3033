"""Reads JSON landing files: their fields and their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyspark.sql.types import StructType

from cbx.runtime.auto_loader.errors import malformed_record
from cbx.runtime.auto_loader.schemas import covers
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.json.json_rescue import make_rescuer, write_malformed
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
from cbx.runtime.landing_files.landed_text import read_content, read_text, split_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.reading_plan import ReadingPlan
    from cbx.runtime.landing_files.rows import TableBuilder

_EMPTY_OBJECT: Final[dict[str, Any]] = {}


def read_records(file: LandedFile, *, is_multi_line: bool) -> Iterator[str]:
    """The texts of the records of a file.

    Args:
        file: The file.
        is_multi_line: Whether the file is one object or an array of objects, and not an object per line.

    Raises:
        NeedsSparkError: The file cannot be read, or it is not certain what its records are.
    """
    text = read_text(file)
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
    is_plain = plan.landing.is_plain
    is_multi_line = plan.options.is_reader_set("multiLine")
    is_covered = not plan.is_rescuing_new or covers(plan.columns, plan.state.seen)
    is_by_reader = is_plain or (is_covered and not is_multi_line)
    seen = plan.columns if is_by_reader else plan.state.seen
    corrupt = plan.options.corrupt_column if is_plain else plan.corrupt
    kinds = {field.name: field.dataType for field in plan.columns.fields if field.name != corrupt}
    converters = {name: make_converter(kind, is_exact=is_by_reader) for name, kind in kinds.items()}
    rescuer = make_rescuer(plan.columns, seen, is_rescuing_new=plan.is_rescuing_new and not is_by_reader)
    is_strict, mode = plan.rescued is None, plan.options.malformed
    for file in files:
        if not is_multi_line and is_by_reader and _add_with_arrow(plan, file, converters, rows):
            continue
        for text in read_records(file, is_multi_line=is_multi_line):
            try:
                fields, row, is_whole = _convert(text, converters)
                is_malformed = is_strict and not is_whole
            except MalformedRecordError:
                fields, row, is_whole, is_malformed = _EMPTY_OBJECT, dict.fromkeys(converters), False, True
            if is_malformed and mode == "FAILFAST":
                raise malformed_record(file.path) if not is_plain else NeedsSparkError("a record is malformed")
            if is_malformed and mode == "DROPMALFORMED":
                continue
            if corrupt is not None:
                row[corrupt] = text if is_malformed else None
            if plan.rescued is not None:
                row[plan.rescued] = (
                    write_malformed(text, file.uri)
                    if is_malformed
                    else rescuer.rescue(fields, row, file.uri, is_whole=is_whole)
                )
            rows.add(row)
        rows.end_file(file)


def _add_with_arrow(plan: ReadingPlan, file: LandedFile, names: Collection[str], rows: TableBuilder) -> bool:
    """Add the rows of a large file whose records all fit; false if they must be read one by one."""
    if file.size < SMALLEST:
        return False
    fields = StructType([field for field in plan.columns.fields if field.name in names])
    columns = read_with_arrow(read_content(file), fields)
    if columns is None:
        return False
    rows.add_file(file, columns, len(columns[fields.names[0]]))
    return True


def _convert(text: str, converters: dict[str, Converter]) -> tuple[dict[str, Any], dict[str, Any], bool]:
    fields = parse_record(text)
    try:
        return fields, *convert_fields(fields, converters)
    except TextNeededError:
        fields = parse_record(text, is_exact=True)
        return fields, *convert_fields(fields, converters)
