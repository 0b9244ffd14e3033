"""Parses texts as Spark does: numbers, dates and timestamps. What is not certain is left to Spark."""

from __future__ import annotations

import datetime
import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

from cbx.runtime.landing_files.errors import NeedsSparkError

_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})([ T].*)?", re.ASCII | re.DOTALL)
_TIMESTAMP: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)
_WORD: Final = re.compile(r"[A-SU-Za-z][A-Za-z/ _-]*", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+))?", re.ASCII)
_LONGEST_NUMBER: Final = 300
_LARGEST_EXPONENT: Final = 400
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_CONTEXT: Final = Context(prec=1000, rounding=ROUND_HALF_UP)
_OFFSET_LIMIT: Final = 18 * 60


class MisfitError(Exception):
    """A value does not fit its type."""


def parse_date(text: str) -> int:
    """The days since 1970 of a date, as Spark's cast reads it.

    Raises:
        MisfitError: The text is no date.
        NeedsSparkError: It is not certain whether it is one.
    """
    match = _DATE.fullmatch(text)
    if match:
        return _days(match)
    if _WORD.fullmatch(text):
        raise MisfitError
    raise NeedsSparkError(f"a date has the form {text[:40]!r}")


def parse_timestamp(text: str) -> int:
    """The microseconds since 1970 of a timestamp in UTC, as Spark's cast reads it.

    Raises:
        MisfitError: The text is no timestamp.
        NeedsSparkError: It is not certain whether it is one.
    """
    match = _TIMESTAMP.fullmatch(text)
    if not match:
        if _WORD.fullmatch(text):
            raise MisfitError
        raise NeedsSparkError(f"a timestamp has the form {text[:40]!r}")
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    days = _days(match)
    if hour > 23 or minute > 59 or second > 59:
        raise MisfitError
    micros = int((match.group(7) or "")[:6].ljust(6, "0"))
    return ((days * 1440 + hour * 60 + minute - _offset(match.group(8))) * 60 + second) * 1_000_000 + micros


def _days(match: re.Match[str]) -> int:
    year, month, day = (int(part) for part in match.group(1, 2, 3))
    if year == 0:
        raise NeedsSparkError("a date has the year 0")
    try:
        return datetime.date(year, month, day).toordinal() - _EPOCH
    except ValueError as error:
        raise MisfitError from error


def _offset(text: str | None) -> int:
    """The minutes of an offset from UTC."""
    if text in (None, "Z"):
        return 0
    hours, minutes = int(text[1:3]), int(text[4:6])
    total = hours * 60 + minutes
    if total > _OFFSET_LIMIT or minutes > 59:
        raise NeedsSparkError(f"a timestamp has the offset {text}")
    return -total if text[0] == "-" else total


def parse_decimal(text: str, precision: int, scale: int) -> Decimal:
    """A decimal, rounded half up to the scale.

    Raises:
        MisfitError: The text is no number, or has too many digits.
        NeedsSparkError: It is not certain whether it is one.
    """
    match = _DECIMAL.fullmatch(text)
    if not match or len(text) > _LONGEST_NUMBER:
        if not match and _WORD.fullmatch(text):
            raise MisfitError
        raise NeedsSparkError(f"a decimal has the form {text[:40]!r}")
    if abs(int(match.group(1) or 0)) > _LARGEST_EXPONENT:
        raise NeedsSparkError(f"a decimal has the exponent {match.group(1)}")
    try:
        value = Decimal(text).quantize(Decimal(1).scaleb(-scale), context=_CONTEXT)
    except InvalidOperation as error:
        raise MisfitError from error
    if abs(value.scaleb(scale)) >= 10**precision:
        raise MisfitError
    return value
