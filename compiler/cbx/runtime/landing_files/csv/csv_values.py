"""Converts values of CSV records to the types of columns, as Spark's ``UnivocityParser`` does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from pyspark.sql.types import (
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    TimestampType,
)

from cbx.runtime.landing_files.dates_and_times import parse_date, parse_timestamp
from cbx.runtime.landing_files.decimals import has_foreign_digits, parse_decimal
from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError

Converter = Callable[[str], Any]

_BITS: Final[dict[type[DataType], int]] = {LongType: 63, IntegerType: 31, ShortType: 15, ByteType: 7}
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_DOUBLE: Final = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fFdD]?")
_SPECIAL: Final = {"NaN": float("nan"), "Inf": float("inf"), "-Inf": float("-inf")}
_BLANK: Final = "".join(map(chr, range(33)))
_LONGEST_INTEGER: Final = 300


def make_converter(kind: DataType) -> Converter:
    """The function that converts texts to a type. It raises ``MisfitError`` and ``NeedsSparkError``."""
    if isinstance(kind, DecimalType):
        return lambda text: parse_decimal(text.replace(",", ""), kind.precision, kind.scale)
    if type(kind) in _BITS:
        return _integer_converter(_BITS[type(kind)])
    return _LEAVES[type(kind)]


def is_convertible(kind: DataType) -> bool:
    """Whether there is a converter for a type."""
    return kind == StringType() or isinstance(kind, DecimalType) or type(kind) in (*_BITS, *_LEAVES)


def _integer_converter(bits: int) -> Converter:
    low, high = -(1 << bits), 1 << bits

    def convert(text: str) -> int:
        if not _INTEGER.fullmatch(text) or len(text) > _LONGEST_INTEGER:
            raise _unfit(text)
        value = int(text)
        if low <= value < high:
            return value
        raise MisfitError

    return convert


def _unfit(text: str) -> Exception:
    """The error for a text that is no number in ASCII: Java knows the digits of other scripts."""
    return NeedsSparkError("a number has digits of another script") if has_foreign_digits(text) else MisfitError()


def _to_double(text: str) -> float:
    """A text as DOUBLE."""
    if text in _SPECIAL:
        return _SPECIAL[text]
    trimmed = text.strip(_BLANK)
    match = _DOUBLE.fullmatch(trimmed)
    if match:
        return float(match.group(1))
    if trimmed.lower().lstrip("+-").startswith(("0x", "nan", "inf")):
        raise NeedsSparkError(f"a number has the form {text[:40]!r}")
    raise MisfitError


def _to_boolean(text: str) -> bool:
    if not text.isascii():
        raise NeedsSparkError("a boolean has characters that are not ASCII")
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    raise MisfitError


_LEAVES: Final[dict[type[DataType], Converter]] = {
    StringType: str,
    BooleanType: _to_boolean,
    DoubleType: _to_double,
    DateType: parse_date,
    TimestampType: parse_timestamp,
}
