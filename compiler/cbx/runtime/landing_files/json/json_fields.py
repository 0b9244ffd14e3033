"""Infers the fields of JSON records as Spark's ``JsonInferSchema`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DecimalType,
    DoubleType,
    LongType,
    NullType,
    StringType,
    StructField,
    StructType,
)

from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.json.json_rows import split_records
from cbx.runtime.landing_files.json.json_text import Fraction, MalformedRecordError, parse_record
from cbx.runtime.landing_files.landed_text import read_content

if TYPE_CHECKING:
    from cbx.runtime.auto_loader.listing import LandedFile

Fields = dict[str, Any]
"""The type of an object while it is inferred: a type for each name. A list is the type of an array."""

_NULL: Final = NullType()
_STRING: Final = StringType()
_LONG: Final = LongType()
_DOUBLE: Final = DoubleType()
_BOOLEAN: Final = BooleanType()
_DIGITS: Final = 38


def infer_json_fields(files: tuple[LandedFile, ...], *, is_multi_line: bool) -> StructType:
    """Infer the fields of all records.

    Args:
        files: The files.
        is_multi_line: Whether each file is one object or an array, and not an object per line.

    Raises:
        NeedsSparkError: It is not certain how Spark reads a record.
    """
    fields: Fields = {}
    for file in files:
        for text in split_records(file, read_content(file), is_multi_line=is_multi_line):
            try:
                record = parse_record(text)
            except MalformedRecordError:
                continue
            _merge_fields(fields, record)
    return _struct(fields) or StructType([])


def _merge_fields(fields: Fields, record: dict[str, Any]) -> Fields:
    """Merge the values of an object into the types of the objects before it."""
    for name, value in record.items():
        fields[name] = _merge(fields.get(name, _NULL), value)
    return fields


def _merge(known: Any, value: Any) -> Any:
    """The type of the values of a known type and of one more value."""
    if value is None or value == "":
        return known
    if isinstance(value, dict):
        if known is _NULL:
            return _merge_fields({}, value)
        return _merge_fields(known, value) if type(known) is dict else _STRING
    if isinstance(value, list):
        if known is not _NULL and type(known) is not list:
            return _STRING
        element: Any = known[0] if type(known) is list else _NULL
        for part in value:
            element = _merge(element, part)
        return [element]
    return _wider_type(known, _leaf_type(value))


def _leaf_type(value: Any) -> DataType:
    if type(value) is str:
        return _STRING
    if type(value) is bool:
        return _BOOLEAN
    if type(value) is Fraction:
        return _DOUBLE
    if -(1 << 63) <= value < 1 << 63:
        return _LONG
    digits = len(str(abs(value)))
    return DecimalType(digits, 0) if digits <= _DIGITS else _DOUBLE


def _wider_type(known: Any, kind: DataType) -> DataType:
    if known is _NULL or known == kind:
        return kind
    if not isinstance(known, DataType):
        return _STRING
    if {known, kind} == {_LONG, _DOUBLE}:
        return _DOUBLE
    if isinstance(known, DecimalType) or isinstance(kind, DecimalType):
        raise NeedsSparkError("a JSON field has very large numbers and other values")
    return _STRING


def _struct(fields: Fields) -> StructType | None:
    """The type of an object; None if it has no field."""
    kinds = {name: _kind(fields[name]) for name in sorted(fields, key=lambda name: name.encode("utf-16-be"))}
    found = [StructField(name, kind) for name, kind in kinds.items() if kind is not None]
    return StructType(found) if found else None


def _kind(inferred: Any) -> DataType | None:
    if type(inferred) is dict:
        return _struct(inferred)
    if type(inferred) is list:
        element = _kind(inferred[0])
        return None if element is None else ArrayType(element)
    return _STRING if inferred is _NULL else inferred
