"""Reads large JSON files with Arrow, where it is certain that Spark reads the same.

Arrow refuses what does not fit: a value of another type, an unknown field, a repeated one, or a malformed record. Then,
and for everything that Arrow may read in another way, the records are read one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.json as pj  # type: ignore[import-untyped]
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from cbx.runtime.landing_files.arrow_types import arrow_type

if TYPE_CHECKING:
    from collections.abc import Mapping

SMALLEST: Final = 1 << 18
"""In bytes; smaller files are read faster without Arrow."""

_BLOCK: Final = 1 << 24
_LONGEST_LINE: Final = 1 << 22
_ALIKE: Final = (BooleanType, DoubleType, IntegerType, LongType, StringType)
_TIMED: Final[Mapping[type[DataType], str]] = {
    DateType: r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$",
    TimestampType: r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?$",
}


def read_with_arrow(content: bytes, columns: StructType) -> dict[str, pa.ChunkedArray] | None:
    """Read the records of a file, one per line.

    Args:
        content: The file's bytes.
        columns: The columns, which have a place for every field.

    Returns:
        The values of the columns, all of which fit; None if the records must be read one by one.
    """
    if not columns.fields or not _is_certain(content) or not all(map(_is_top, columns.fields)):
        return None
    schema = pa.schema([(field.name, _read_type(field.dataType)) for field in columns.fields])
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    try:
        table = pj.read_json(pa.BufferReader(content), pj.ReadOptions(block_size=_BLOCK), options)
        if table.num_rows != content.count(b"}\n{") + 1:
            return None
        return {field.name: _convert(table[field.name], field.dataType) for field in columns.fields}
    except pa.ArrowException:
        return None


def _is_certain(content: bytes) -> bool:
    """Whether each line is an object, without anything that Arrow may read otherwise."""
    body = content[:-1] if content.endswith(b"\n") else content
    is_lines = body.startswith(b"{") and body.endswith(b"}") and body.count(b"}\n{") == body.count(b"\n")
    if not is_lines or b"\\u" in body or b"\r" in body or not _has_short_lines(body):
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_short_lines(body: bytes) -> bool:
    """Whether no line is longer than twice the limit."""
    places = range(0, len(body) - _LONGEST_LINE, _LONGEST_LINE)
    return all(body.find(b"\n", place, place + _LONGEST_LINE) >= 0 for place in places)


def _is_top(field: StructField) -> bool:
    return type(field.dataType) in _TIMED or _is_alike(field.dataType)


def _is_alike(kind: DataType) -> bool:
    """Whether Arrow reads such a type from JSON as Spark does, or refuses the value."""
    if isinstance(kind, StructType):
        return bool(kind.fields) and all(_is_alike(field.dataType) for field in kind.fields)
    if isinstance(kind, ArrayType):
        return _is_alike(kind.elementType)
    return kind == StringType() if isinstance(kind, StringType) else type(kind) in _ALIKE


def _read_type(kind: DataType) -> pa.DataType:
    return pa.string() if type(kind) in _TIMED else arrow_type(kind)


def _convert(column: pa.ChunkedArray, kind: DataType) -> pa.ChunkedArray:
    """The values of a column; raises ``ArrowException`` for a date or time of another form."""
    form = _TIMED.get(type(kind))
    if form is None:
        return column
    if not pc.all(pc.match_substring_regex(column, form), min_count=0).as_py():
        raise pa.ArrowInvalid("a date or time has another form")
    if isinstance(kind, DateType):
        return column.cast(pa.date32())
    return column.cast(pa.timestamp("us")).cast(arrow_type(kind))
