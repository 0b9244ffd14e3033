"""Types of intervals, and of arithmetic with times and intervals."""

from __future__ import annotations

_YEARS, _DAYS = ("YEAR", "MONTH"), ("DAY", "HOUR", "MINUTE", "SECOND")
_STAMPS = frozenset({"TIMESTAMP", "TIMESTAMP_NTZ"})
_SMALLER_THAN_A_SECOND = frozenset({"MILLISECOND", "MICROSECOND"})
_LARGER = {"QUARTER": "MONTH", "WEEK": "DAY"}
_INTERVAL = "INTERVAL "
_DAY_TO_SECOND = "INTERVAL DAY TO SECOND"
_VOID = "VOID"

Units = tuple[str, ...]
"""The units of an interval type, the largest first."""


def units_of(kind: str | None) -> Units | None:
    """The units of an interval type; None for any other type.

    Example:
        ``INTERVAL DAY TO MINUTE`` has the units ``DAY``, ``HOUR`` and ``MINUTE``.
    """
    if kind is None or not kind.startswith(_INTERVAL):
        return None
    first, _, last = kind.removeprefix(_INTERVAL).partition(" TO ")
    for units in (_YEARS, _DAYS):
        if first in units:
            return units[units.index(first) : units.index(last or first) + 1]
    return None


def interval_type(units: Units) -> str:
    """The interval type with some units."""
    return _INTERVAL + (units[0] if len(units) == 1 else f"{units[0]} TO {units[-1]}")


def literal_interval_type(unit: str, last: str = "") -> str | None:
    """The type of ``INTERVAL 1 DAY`` and ``INTERVAL '1-2' YEAR TO MONTH``; None for an unknown unit."""
    named = [_singular(word) for word in (unit, last) if word]
    units = [_LARGER.get(word, "SECOND" if word in _SMALLER_THAN_A_SECOND else word) for word in named]
    if not units or any(word not in (*_YEARS, *_DAYS) for word in units):
        return None
    return interval_type(units_of(f"{_INTERVAL}{units[0]} TO {units[-1]}") or (units[0],))


def _singular(word: str) -> str:
    return word.upper().removesuffix("S")


def common_interval_type(first: str, second: str) -> str | None:
    """The interval type with the units of both; None for an interval of months beside one of days."""
    left, right = units_of(first), units_of(second)
    if left is None or right is None:
        return None
    whole = _YEARS if left[0] in _YEARS else _DAYS
    if right[0] not in whole:
        return None
    places = [whole.index(unit) for unit in (*left, *right)]
    return interval_type(whole[min(places) : max(places) + 1])


def interval_arithmetic_type(sign: str, left: str | None, right: str | None) -> str | None:
    """The type of arithmetic with dates, times and intervals; None where it is not known."""
    if left is None or right is None:
        return None
    if _is_text(left) or _is_text(right) or _VOID in {left, right}:
        return _arithmetic_with_text(sign, left, right)
    match sign:
        case "div" if units_of(left) and units_of(right):
            return "BIGINT"
        case "+" if units_of(left) and not units_of(right):
            return _moved_type(right, left)
        case "+" | "-" if units_of(left) and units_of(right):
            return common_interval_type(left, right)
        case "+" | "-" if units_of(right):
            return _moved_type(left, right)
        case "-":
            return _difference_type(left, right)
        case "*" if units_of(left) or units_of(right):
            scaled, factor = (left, right) if units_of(left) else (right, left)
            return _scaled_type(scaled, factor)
        case "/" if units_of(left):
            return _scaled_type(left, right)
        case _:
            return None


def _arithmetic_with_text(sign: str, left: str, right: str) -> str | None:
    """The type of arithmetic of a text or NULL with a time or an interval."""
    is_null, other = _VOID in {left, right}, right if _is_text(left) or left == _VOID else left
    if sign in "*/" and units_of(other) and (sign == "*" or other == left):
        return widened_interval(other)
    if units_of(other) and sign in "+-":
        return other if is_null else left if _is_text(left) and units_of(right) else None
    if is_null and sign == "+" and other in {*_STAMPS, "DATE"}:
        return other if other in _STAMPS else "TIMESTAMP"
    is_plain = "STRING" in {left, right} or is_null
    if sign == "-" and other in {*_STAMPS, "DATE"} and (is_plain or other in _STAMPS or other == right):
        return _DAY_TO_SECOND if other in _STAMPS else "INTERVAL DAY"
    return "BIGINT" if sign == "div" and is_null and units_of(other) else None


def _is_text(kind: str) -> bool:
    return kind.startswith("STRING")


def _moved_type(time: str, interval: str) -> str | None:
    """The type of a time that is moved by an interval."""
    units = units_of(interval) or ()
    if time in _STAMPS:
        return time
    if time == "DATE":
        return "DATE" if set(units) <= {*_YEARS, "DAY"} else "TIMESTAMP"
    return None


def _difference_type(left: str, right: str) -> str | None:
    if left == right == "DATE":
        return "INTERVAL DAY"
    if {left, right} & _STAMPS and {left, right} <= {*_STAMPS, "DATE"}:
        return _DAY_TO_SECOND
    return None


def _scaled_type(interval: str, factor: str) -> str | None:
    is_scale = factor.split("(", maxsplit=1)[0] in {
        "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "STRING", "VOID",
    }  # fmt: skip
    if not is_scale:
        return None
    return widened_interval(interval)


def widened_interval(kind: str | None) -> str:
    """The type with all units of an interval type, as of a sum or a product."""
    return "INTERVAL YEAR TO MONTH" if (units_of(kind) or ("",))[0] in _YEARS else _DAY_TO_SECOND
