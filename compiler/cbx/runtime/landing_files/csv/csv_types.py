"""Infers the types of CSV columns as Spark's ``CSVInferSchema`` does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
)

from cbx.runtime.landing_files.dates_and_times import parse_timestamp
from cbx.runtime.landing_files.decimals import has_foreign_digits
from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError

if TYPE_CHECKING:
    from collections.abc import Iterable

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,30}")
_FRACTION: Final = re.compile(r"[+-]?[0-9]{1,30}\.[0-9]{1,30}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONG_YEAR: Final = re.compile(r"[+-]|[0-9]{5}[0-9]*-")
_UNUSUAL_NUMBER: Final = re.compile(
    r"[\x00-\x20]*[+-]?(?:[0-9.,]*[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?[fFdD]?|0[xX].*|NaN|Infinity|Inf)[\x00-\x20]*"
)
_NUMBERS: Final = (IntegerType(), LongType())


def infer_csv_type(values: Iterable[str]) -> DataType:
    """The type of a column.

    Args:
        values: Its values; no NULL.

    Raises:
        NeedsSparkError: It is not certain which type Spark infers, or the order of the values decides.
    """
    kinds = {_value_type(value) for value in values}
    if not kinds or StringType() in kinds:
        return StringType()
    if len(kinds) == 1:
        return kinds.pop()
    if all(isinstance(kind, (IntegerType, LongType, DecimalType, DoubleType)) for kind in kinds):
        return _widest_number(kinds)
    if kinds & {DateType(), TimestampType()}:
        raise NeedsSparkError("a CSV column has dates and other values")
    return StringType()


def _widest_number(kinds: set[DataType]) -> DataType:
    if DoubleType() in kinds:
        return DoubleType()
    if kinds <= set(_NUMBERS):
        return LongType()
    raise NeedsSparkError("a CSV column has very large numbers")


def _value_type(text: str) -> DataType:
    if _INTEGER.fullmatch(text):
        return _integer_type(int(text))
    if _FRACTION.fullmatch(text):
        return DoubleType()
    if text.lower() in ("true", "false") and text.isascii():
        return BooleanType()
    if _UNUSUAL_NUMBER.fullmatch(text) or has_foreign_digits(text) or _LONG_YEAR.match(text):
        raise NeedsSparkError(f"a CSV column has the value {text[:40]!r}")
    return _dated_type(text) or StringType()


def _integer_type(value: int) -> DataType:
    if -(1 << 31) <= value < 1 << 31:
        return IntegerType()
    if -(1 << 63) <= value < 1 << 63:
        return LongType()
    return DecimalType(len(str(abs(value))), 0)


def _dated_type(text: str) -> DataType | None:
    """The type of a date or a timestamp; None for another text."""
    try:
        parse_timestamp(text)
    except MisfitError:
        return None
    return DateType() if _DATE.fullmatch(text) else TimestampType()
