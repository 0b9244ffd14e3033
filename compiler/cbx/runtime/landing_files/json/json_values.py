"""Converts values of JSON records to the types of columns, as Spark's ``JacksonParser`` does."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final

from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StringType,
    StructType,
    TimestampType,
)

from cbx.runtime.landing_files.dates_and_times import parse_date, parse_timestamp
from cbx.runtime.landing_files.decimals import has_foreign_digits, parse_decimal
from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError
from cbx.runtime.landing_files.json.json_text import ExactArray, ExactObject, Fraction

Converter = Callable[[Any], Any]

_FLOATS: Final = {
    "NaN": float("nan"),
    **dict.fromkeys(("+INF", "+Infinity", "Infinity"), float("inf")),
    **dict.fromkeys(("-INF", "-Infinity"), float("-inf")),
}
_BITS: Final[dict[type[DataType], int]] = {LongType: 63, IntegerType: 31, ShortType: 15}
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}")
_DIGITS: Final = re.compile(r"[+-]?[0-9]+")
_FIRST_GREGORIAN_DAY: Final = -141_000
_LARGEST_SECONDS: Final = 9_000_000_000_000
_CONTROL: Final = re.compile(r"[\x00-\x07\x0b\x0e-\x1f]")
_PLAIN_FRACTION: Final = re.compile(r"-?[0-9]+\.[0-9]+")
_DECIMAL_DIGITS: Final = 38
_DOUBLE_DIGITS: Final = 12
_SMALLEST_PLAIN: Final = 0.001
_LARGEST_PLAIN: Final = 10_000_000
_LONG: Final = 1 << 63


class PartialError(Exception):
    """A value fits only in parts.

    Attributes:
        value: The parts that fit.
    """

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class TextNeededError(Exception):
    """The text of an object or array is needed, so that the record must be parsed exactly."""


def make_converter(kind: DataType, *, is_exact: bool) -> Converter:
    """The function that converts values to a type; NULL stays NULL.

    It raises ``MisfitError``, ``PartialError``, ``TextNeededError`` and ``NeedsSparkError``.

    Args:
        kind: The type.
        is_exact: Whether an object in a text column keeps its text; otherwise it is written anew, without spaces.
    """
    if isinstance(kind, StructType):
        return _struct_converter(kind, is_exact=is_exact)
    if isinstance(kind, ArrayType):
        return _array_converter(make_converter(kind.elementType, is_exact=is_exact))
    if isinstance(kind, MapType):
        return _map_converter(make_converter(kind.valueType, is_exact=is_exact))
    if isinstance(kind, DecimalType):
        return lambda value: _to_decimal(value, kind.precision, kind.scale)
    if isinstance(kind, StringType):
        return _to_exact_text if is_exact else _to_compact_text
    return _integer_converter(_BITS[type(kind)]) if type(kind) in _BITS else _LEAVES[type(kind)]


def is_convertible(kind: DataType) -> bool:
    """Whether there is a converter for a type."""
    if isinstance(kind, StructType):
        return all(is_convertible(field.dataType) for field in kind.fields)
    if isinstance(kind, ArrayType):
        return is_convertible(kind.elementType)
    if isinstance(kind, MapType):
        return type(kind.keyType) is StringType and is_convertible(kind.valueType)
    return kind == StringType() or isinstance(kind, DecimalType) or type(kind) in (*_LEAVES, *_BITS)


def _integer_converter(bits: int) -> Converter:
    low, high = -(1 << bits), 1 << bits

    def convert(value: Any) -> Any:
        if value is None or (type(value) is int and low <= value < high):
            return value
        raise MisfitError

    return convert


def _to_double(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is Fraction:
        return float(value.text)
    if type(value) is int:
        return _whole_double(value)
    if type(value) is str and value in _FLOATS:
        return _FLOATS[value]
    raise MisfitError


def _whole_double(value: int) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise NeedsSparkError("a JSON record has a very large number") from error


def _to_boolean(value: Any) -> Any:
    if value is None or type(value) is bool:
        return value
    raise MisfitError


def _to_date(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is not str or not value:
        raise MisfitError
    try:
        return parse_date(value)
    except MisfitError:
        return _days_since_1970(value)


def _days_since_1970(text: str) -> int:
    """Spark reads a whole number in a text as days."""
    if _WHOLE.fullmatch(text) and int(text) > _FIRST_GREGORIAN_DAY:
        return int(text)
    if _DIGITS.fullmatch(text) or has_foreign_digits(text):
        raise NeedsSparkError(f"a date has the form {text[:40]!r}")
    raise MisfitError


def _to_timestamp(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is str and value:
        if "GMT" in value:
            raise NeedsSparkError(f"a timestamp has the form {value[:40]!r}")
        return parse_timestamp(value)
    if type(value) is int:
        if abs(value) > _LARGEST_SECONDS:
            raise NeedsSparkError("a timestamp is a very large number")
        return value * 1_000_000
    raise MisfitError


def _to_decimal(value: Any, precision: int, scale: int) -> Any:
    if value is None:
        return None
    if type(value) is Fraction:
        return parse_decimal(value.text, precision, scale)
    if type(value) is int:
        return parse_decimal(str(value), precision, scale)
    if type(value) is str and value:
        return parse_decimal(value.replace(",", ""), precision, scale)
    raise MisfitError


def _to_exact_text(value: Any) -> Any:
    if value is None or type(value) is str:
        return value
    if isinstance(value, (ExactObject, ExactArray)):
        return value.text
    if isinstance(value, (dict, list)):
        raise TextNeededError
    return value.text if type(value) is Fraction else write_json(value)


def _to_compact_text(value: Any) -> Any:
    if value is None or type(value) is str:
        return value
    _refuse_fractions(value)
    return write_json(value)


def _refuse_fractions(value: Any) -> None:
    if type(value) is Fraction:
        raise NeedsSparkError("a text column has a number with a fraction")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        _refuse_fractions(part)


_LEAVES: Final[dict[type[DataType], Converter]] = {
    BooleanType: _to_boolean,
    DoubleType: _to_double,
    DateType: _to_date,
    TimestampType: _to_timestamp,
}


def _struct_converter(kind: StructType, *, is_exact: bool) -> Converter:
    converters = {field.name: make_converter(field.dataType, is_exact=is_exact) for field in kind.fields}

    def convert(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise MisfitError
        row, is_whole = convert_fields(value, converters)
        if not is_whole:
            raise PartialError(row)
        return row

    return convert


def convert_fields(fields: dict[str, Any], converters: dict[str, Converter]) -> tuple[dict[str, Any], bool]:
    """Convert the fields of an object.

    Returns:
        The values of all columns, and whether all values fit.
    """
    row = dict.fromkeys(converters)
    is_whole = True
    for name, value in fields.items():
        converter = converters.get(name)
        if converter is None:
            continue
        try:
            row[name] = converter(value)
        except PartialError as partial:
            row[name], is_whole = partial.value, False
        except MisfitError:
            is_whole = False
    return row, is_whole


def _array_converter(element: Converter) -> Converter:
    def convert(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise MisfitError
        return _convert_parts(value, element)

    return convert


def _convert_parts(values: list[Any], converter: Converter) -> list[Any]:
    parts, is_whole = [], True
    for value in values:
        try:
            parts.append(converter(value))
        except PartialError as partial:
            parts.append(partial.value)
            is_whole = False
    if not is_whole:
        raise PartialError(parts)
    return parts


def _map_converter(converter: Converter) -> Converter:
    def convert(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise MisfitError
        try:
            return list(zip(value, _convert_parts(list(value.values()), converter), strict=True))
        except PartialError as partial:
            raise PartialError(list(zip(value, partial.value, strict=True))) from None

    return convert


def write_json(value: Any) -> str:
    """A value as Spark's ``to_json`` writes a VARIANT: without spaces, objects in the order of their names.

    Raises:
        NeedsSparkError: It is not certain how it is written.
    """
    if type(value) is str:
        return write_text(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{write_text(name)}:{write_json(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write_json, value)) + "]"
    if type(value) is Fraction:
        return value.text
    return json.dumps(value)


def write_text(text: str) -> str:
    """A text as Jackson writes it.

    Raises:
        NeedsSparkError: It is not certain how it is written.
    """
    if _CONTROL.search(text):
        raise NeedsSparkError("a control character is written as JSON")
    return json.dumps(text, ensure_ascii=False)


def rewrite_numbers(value: Any) -> Any:
    """A value whose numbers with a fraction are spelled as Java spells a DOUBLE.

    Raises:
        NeedsSparkError: A number has more digits than a DOUBLE surely keeps.
    """
    if isinstance(value, dict):
        return {name: rewrite_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [rewrite_numbers(part) for part in value]
    if type(value) is not Fraction:
        return value
    if len(value.text) > _DOUBLE_DIGITS or not _PLAIN_FRACTION.fullmatch(value.text):
        raise NeedsSparkError(f"an array of records has the number {value.text[:40]}")
    number = float(value.text)
    if not _SMALLEST_PLAIN <= abs(number) < _LARGEST_PLAIN and number:
        raise NeedsSparkError(f"an array of records has the number {value.text[:40]}")
    return Fraction(repr(number))


def as_variant(value: Any) -> Any:
    """A value as a VARIANT holds it: objects in the order of their names, and fractions without ending zeros.

    Raises:
        NeedsSparkError: It is not certain how it is held.
    """
    if isinstance(value, dict):
        return {name: as_variant(value[name]) for name in sorted(value, key=_java_order)}
    if isinstance(value, list):
        return [as_variant(part) for part in value]
    if type(value) is Fraction:
        return _variant_fraction(value.text)
    if type(value) is int and not -_LONG <= value < _LONG:
        raise NeedsSparkError("a very large number is rescued")
    return value


def _variant_fraction(text: str) -> Any:
    if "e" in text.lower() and math.isinf(float(text)):
        return "-Infinity" if text.startswith("-") else "Infinity"
    if not _PLAIN_FRACTION.fullmatch(text) or len(text) > _DECIMAL_DIGITS:
        raise NeedsSparkError(f"the number {text[:40]} is rescued")
    whole, _, digits = text.partition(".")
    digits = digits.rstrip("0")
    if not digits:
        return int(whole)
    return Fraction(f"{whole}.{digits}")


def _java_order(name: str) -> bytes:
    return name.encode("utf-16-be")
