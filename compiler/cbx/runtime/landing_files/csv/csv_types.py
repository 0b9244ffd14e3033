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

from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.text_values import MisfitError, parse_date, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,30}")
_FRACTION: Final = re.compile(r"[+-]?[0-9]{1,30}\.[0-9]{1,30}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T].*")
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
        value = int(text)
        if -(1 << 31) <= value < 1 << 31:
            return IntegerType()
        if -(1 << 63) <= value < 1 << 63:
            return LongType()
        return DecimalType(len(str(abs(value))), 0)
    if _FRACTION.fullmatch(text):
        return DoubleType()
    if _DATE.fullmatch(text):
        return _check_date(text, DateType())
    if _TIMESTAMP.fullmatch(text):
        return _check_date(text, TimestampType())
    return _word_type(text)


def _check_date(text: str, kind: DataType) -> DataType:
    try:
        (parse_date if kind == DateType() else parse_timestamp)(text)
    except MisfitError as error:
        raise NeedsSparkError(f"a CSV column has the value {text[:40]!r}") from error
    return kind


def _word_type(text: str) -> DataType:
    if text.lower() in ("true", "false") and text.isascii():
        return BooleanType()
    is_word = text[0].isalpha() and not (text[0] == "T" and text[1:2].isdigit())
    if not is_word or text.lower() in ("nan", "inf", "infinity", "t") or not text.isascii():
        raise NeedsSparkError(f"a CSV column has the value {text[:40]!r}")
    return StringType()
