"""Parses dates and timestamps as Spark's cast does, in UTC. Some, such as times without a date, are left to Spark.

The forms are those of ``SparkDateTimeUtils``: ``yyyy``, ``yyyy-[m]m``, ``yyyy-[m]m-[d]d``, and behind a space or ``T``
a time such as ``[h]h:[m]m:[s]s.ffffff`` with an offset.
"""

from __future__ import annotations

import datetime
import re
from typing import Final

from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError

_PARTS: Final = r"([+-]?[0-9]{4,7})(?:-([0-9]{1,2})(?:-([0-9]{1,2})"
_DATE: Final = re.compile(_PARTS + r"(?:[ T].*)?)?)?", re.DOTALL)
_TIME: Final = r"(?:[ T]([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]*))?(.*))?)?)?"
_TIMESTAMP: Final = re.compile(_PARTS + _TIME + ")?)?", re.DOTALL)
_TIME_ALONE: Final = re.compile(r"T[0-9]{1,2}(?::.*)?|[0-9]{1,2}:.*", re.DOTALL)
_OFFSET: Final = re.compile(r"([+-])([0-9]{1,2}):([0-9]{1,2})")
_ZERO_OFFSETS: Final = ("", "Z", "UTC")
_BLANK: Final = "".join(map(chr, (*range(33), 127)))
_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_LARGEST_OFFSET: Final = 18 * 60
_YEARS: Final = range(1, 10_000)


def parse_date(text: str) -> int:
    """The days since 1970 of a date.

    Raises:
        MisfitError: The text is no date.
        NeedsSparkError: Its year is very early or late.
    """
    match = _DATE.fullmatch(text.strip(_BLANK))
    if not match:
        raise MisfitError
    return _days(match)


def parse_timestamp(text: str) -> int:
    """The microseconds since 1970 of a timestamp.

    Raises:
        MisfitError: The text is no timestamp.
        NeedsSparkError: It is a time without a date, its year is very early or late, or it has the name of a zone.
    """
    match = _TIMESTAMP.fullmatch(text.strip(_BLANK))
    if not match:
        if _TIME_ALONE.fullmatch(text.strip(_BLANK)):
            raise NeedsSparkError(f"a timestamp has the form {text[:40]!r}")
        raise MisfitError
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    offset = _offset((match.group(8) or "").strip(_BLANK))
    days = _days(match)
    if hour > 23 or minute > 59 or second > 59:
        raise MisfitError
    micros = int((match.group(7) or "")[:6].ljust(6, "0"))
    return ((days * 1440 + hour * 60 + minute - offset) * 60 + second) * 1_000_000 + micros


def _days(match: re.Match[str]) -> int:
    year, month, day = (int(part or 1) for part in match.group(1, 2, 3))
    if year not in _YEARS:
        raise NeedsSparkError(f"a date has the year {year}")
    try:
        return datetime.date(year, month, day).toordinal() - _EPOCH
    except ValueError as error:
        raise MisfitError from error


def _offset(text: str) -> int:
    """The minutes of an offset from UTC."""
    if text in _ZERO_OFFSETS:
        return 0
    match = _OFFSET.fullmatch(text)
    if not match:
        raise NeedsSparkError(f"a timestamp has the zone {text[:40]!r}")
    hours, minutes = int(match.group(2)), int(match.group(3))
    total = hours * 60 + minutes
    if total > _LARGEST_OFFSET or minutes > 59:
        raise MisfitError
    return -total if match.group(1) == "-" else total
