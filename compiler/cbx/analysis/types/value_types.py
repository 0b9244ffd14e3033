"""Compares and unites types, and finds injective casts."""

from __future__ import annotations

from collections.abc import Iterable

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.types.type_rules import VOID, common_type
from cbx.parse.databricks_sql.types import is_same_type, normal_type

_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INT": 10, "BIGINT": 20}
"""The digits of a whole number that Spark casts to a decimal."""

_ROOM = {"TINYINT": 2, "SMALLINT": 4, "INT": 9, "BIGINT": 18}
"""The number of digits that always fit into each of these."""

_MOST_DIGITS = 38
_DIGITS_OF_A_DOUBLE = 15
_FLOATING = frozenset({"FLOAT", "DOUBLE"})
_FROM_TEXT = _FLOATING | {"DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "BOOLEAN"}
"""Types besides numbers to which Spark casts a text that is compared with them."""

_COLLATED = " COLLATE "
_WIDENED = (
    frozenset({"FLOAT", "DOUBLE"}),
    frozenset({"DATE", "TIMESTAMP_NTZ"}),
)


def compare_exactly(left: str | None, right: str | None) -> bool:
    """Whether values of two types are equal only if they are the same value.

    False for numbers and strings: ``'1'`` and ``'01'`` both equal 1. False for times with and without a time zone,
    since a skipped hour is read as the next one; for dates and times with a time zone, since some zones skipped a day;
    for decimals that need more digits together than a decimal has; and for texts with a collation, where ``'a'`` may
    equal ``'A'``. A type that is not declared is assumed to fit, an unknown type is not. NULL fits any type.
    """
    if UNKNOWN_TYPE in (left, right):
        return False
    if left is None or right is None:
        return True
    first, second = normal_type(left) or left, normal_type(right) or right
    if VOID in {first, second}:
        return True
    if _COLLATED in first or _COLLATED in second:
        return False
    if is_same_type(first, second) or frozenset({first, second}) in _WIDENED:
        return True
    sizes = [_digits(first), _digits(second)]
    exact = [size for size in sizes if size is not None]
    return len(exact) == len(sizes) and sum(max(part) for part in zip(*exact, strict=True)) <= _MOST_DIGITS


def compare_with_loss(left: str | None, right: str | None) -> bool:
    """Whether different values of two known types are certainly equal where they are compared.

    Spark casts a text to the type of the other side, so ``'1'`` and ``'01'`` equal 1, and a text that is no number ends
    the run. It casts whole numbers and decimals to DOUBLE, which has 15 digits. False for types that are not known.

    Source: https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html, type coercion.
    """
    if left is None or right is None:
        return False
    kinds = {normal_type(left) or left, normal_type(right) or right}
    if len(kinds) == 1 or UNKNOWN_TYPE in kinds:
        return False
    if "STRING" in kinds:
        return all(kind == "STRING" or kind in _FROM_TEXT or is_whole(kind) for kind in kinds)
    if kinds & _FLOATING:
        return any(is_whole(kind) and not has_few_digits(kind) for kind in kinds)
    return False


def united_type(kinds: Iterable[str | None]) -> str | None:
    """The type of a column of a set operation; None where the type of a branch is not declared."""
    normal = [kind if kind is None else normal_type(kind) or kind for kind in kinds]
    if UNKNOWN_TYPE in normal:
        return UNKNOWN_TYPE
    return None if None in normal else common_type(normal) or UNKNOWN_TYPE


def is_whole(kind: str) -> bool:
    """Whether a type is a whole number or a decimal."""
    return _digits(normal_type(kind) or kind) is not None


def has_few_digits(kind: str) -> bool:
    """Whether a type is a whole number or decimal with so few digits that its values differ as DOUBLE."""
    size = _digits(normal_type(kind) or kind)
    return size is not None and sum(size) <= _DIGITS_OF_A_DOUBLE


def is_injective_cast(source: str | None, target: str | None) -> bool:
    """Whether a cast maps distinct values to distinct values, and never turns a value into NULL."""
    if source is None or target is None or UNKNOWN_TYPE in {source, target}:
        return False
    first, second = normal_type(source) or source, normal_type(target) or target
    size = _digits(first)
    if first == second or (first, second) == ("DATE", "TIMESTAMP_NTZ"):
        return True
    if second == "STRING":
        return first in {"DATE", "BOOLEAN"} or size is not None
    room = (_ROOM[second], 0) if second in _ROOM else _digits(second)
    return size is not None and room is not None and size[0] <= room[0] and size[1] <= room[1]


def _digits(kind: str) -> tuple[int, int] | None:
    """The digits of an exact number, before and after the point."""
    if kind in _DIGITS:
        return _DIGITS[kind], 0
    if not kind.startswith("DECIMAL"):
        return None
    precision, _, scale = kind.removeprefix("DECIMAL").strip("()").partition(",")
    return int(precision or 10) - int(scale or 0), int(scale or 0)
