"""The values of seeds: which texts are values of a type, and how they are written in SQL.

A text is a value only if Spark's cast of it is exact and the same everywhere: no rounding, no overflow, and no time
zone of a session (page "CAST" of Spark's SQL reference, ANSI mode).
"""

from __future__ import annotations

import datetime
import math
import re
import struct
from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
from typing import NamedTuple

from cbx.spark_spelling import quote_text

_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_FLOATING = re.compile(rf"{_DECIMAL.pattern}(?:[eE][+-]?[0-9]{{1,4}})?")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = re.compile(
    rf"({_DATE})[ T]([0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,6}})?)?)(Z|[+-][0-9]{{2}}:[0-9]{{2}})?"
)
_BITS = {"TINYINT": 8, "SMALLINT": 16, "INT": 32, "BIGINT": 64}
_DECIMAL_TYPE = re.compile(r"DECIMAL\(([0-9]+), ([0-9]+)\)")
_UTC = datetime.timezone.utc
_NO_OFFSET, _LARGEST_OFFSET = datetime.timedelta(), datetime.timedelta(hours=18)
_MOST_CHARACTERS = 60
"""No number, date or time is longer."""


class SeedLiteral(NamedTuple):
    """A value: ``identity`` is equal for texts of equal values, ``sql`` is a literal to cast to the column's type."""

    identity: Hashable
    sql: str


def read_seed_value(text: str, kind: str) -> SeedLiteral | None:
    """The value of a text; None if it is not exactly a value of the type.

    Args:
        text: The text in the CSV file.
        kind: A type that `is_seed_type`, as `normal_type` spells it.
    """
    if kind == "STRING":
        return SeedLiteral(text, quote_text(text))
    if len(text) > _MOST_CHARACTERS or not text.isascii():
        return None
    decimal = _DECIMAL_TYPE.fullmatch(kind)
    if decimal is not None:
        return _read_decimal(text, int(decimal[1]), int(decimal[2]))
    return _READERS[kind](text, kind)


def is_seed_type(kind: str) -> bool:
    """Whether the columns of a seed may have a type, as `normal_type` spells it."""
    return kind == "STRING" or kind in _READERS or _DECIMAL_TYPE.fullmatch(kind) is not None


def example_of(kind: str) -> str:
    """A sentence on how the values of a type are written."""
    return _EXAMPLES.get(kind, "a DECIMAL is written with a dot, and has at most as many digits as its type")


def _read_whole(text: str, kind: str) -> SeedLiteral | None:
    if _WHOLE.fullmatch(text) is None:
        return None
    number, limit = int(text), 1 << (_BITS[kind] - 1)
    return SeedLiteral(number, str(number)) if -limit <= number < limit else None


def _read_decimal(text: str, precision: int, scale: int) -> SeedLiteral | None:
    if _DECIMAL.fullmatch(text) is None:
        return None
    number = Decimal(text)
    whole, _, fraction = f"{number.copy_abs():f}".partition(".")
    if len(whole.lstrip("0")) > precision - scale or len(fraction.rstrip("0")) > scale:
        return None
    return SeedLiteral(number, f"{number or Decimal(0):.{scale}f}")


def _read_floating(text: str, kind: str) -> SeedLiteral | None:
    if _FLOATING.fullmatch(text) is None:
        return None
    number = float(text)
    if kind == "FLOAT":
        try:
            number = _round_to_float(text)
        except OverflowError:
            return None
    return SeedLiteral(number, quote_text(text)) if math.isfinite(number) else None


def _round_to_float(text: str) -> float:
    """The FLOAT nearest to a text.

    By way of a DOUBLE a text is rounded twice: that DOUBLE may lie between two FLOATs although the text does not.
    """
    number = float(text)
    near = _float_of(number)
    other = 2 * number - near
    if other == near or _float_of(other) != other or number == Decimal(text):
        return near
    return max(near, other) if number < Decimal(text) else min(near, other)


def _float_of(number: float) -> float:
    return float(struct.unpack("f", struct.pack("f", number))[0])


def _read_boolean(text: str, _: str) -> SeedLiteral | None:
    word = text.lower()
    return SeedLiteral(word, word) if word in {"true", "false"} else None


def _read_date(text: str, _: str) -> SeedLiteral | None:
    day = _day(text) if re.fullmatch(_DATE, text) else None
    return SeedLiteral(day, quote_text(text)) if day is not None else None


def _read_time(text: str, kind: str) -> SeedLiteral | None:
    """A time with an offset for TIMESTAMP, and one without for TIMESTAMP_NTZ."""
    match = _TIME.fullmatch(text)
    if match is None or bool(match[3]) != (kind == "TIMESTAMP"):
        return None
    moment = _moment(match[1], match[2], match[3])
    if moment is None:
        return None
    is_local = moment.tzinfo is None
    return SeedLiteral(moment if is_local else moment.astimezone(_UTC), quote_text(moment.isoformat(sep=" ")))


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _moment(day: str, time: str, offset: str | None) -> datetime.datetime | None:
    clock, _, fraction = time.partition(".")
    try:
        moment = datetime.datetime.fromisoformat(f"{day}T{clock}{(offset or '').replace('Z', '+00:00')}")
        moment = moment.replace(microsecond=int(fraction.ljust(6, "0")))
        moment.astimezone(_UTC)
    except (ValueError, OverflowError):
        return None
    return moment if abs(moment.utcoffset() or _NO_OFFSET) <= _LARGEST_OFFSET else None


_READERS: Mapping[str, Callable[[str, str], SeedLiteral | None]] = {
    **dict.fromkeys(_BITS, _read_whole),
    "BOOLEAN": _read_boolean,
    "DATE": _read_date,
    "DOUBLE": _read_floating,
    "FLOAT": _read_floating,
    "TIMESTAMP": _read_time,
    "TIMESTAMP_NTZ": _read_time,
}
_EXAMPLES = {
    **{kind: f"{kind} holds whole numbers of {bits} bits, written with digits only" for kind, bits in _BITS.items()},
    "BOOLEAN": "write `true` or `false`",
    "DATE": "write it as `2024-12-31`",
    "DOUBLE": "write it as `0.5` or `1e-3`",
    "FLOAT": "write it as `0.5` or `1e-3`",
    "TIMESTAMP": "write it with its offset, as `2024-12-31T23:59:00Z`; a time without an offset is a TIMESTAMP_NTZ",
    "TIMESTAMP_NTZ": "write it without an offset, as `2024-12-31 23:59:00`",
}
