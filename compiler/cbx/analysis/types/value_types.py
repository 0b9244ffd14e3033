"""The types of expressions, where they follow from the SQL reference without doubt."""

from __future__ import annotations

from collections.abc import Iterable

from cbx.analysis.facts import DOUBTFUL
from cbx.analysis.types.type_rules import common_type
from cbx.parse.types import is_same_type, normal_type

_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INT": 10, "BIGINT": 20}
"""How many digits Spark gives a whole number that it makes a decimal."""

_ROOM = {"TINYINT": 2, "SMALLINT": 4, "INT": 9, "BIGINT": 18}
"""How many digits each of these has room for, whatever they are."""

_MOST_DIGITS = 38
_DIGITS_OF_A_DOUBLE = 15
_COLLATED = " COLLATE "
_WIDENED = (
    frozenset({"FLOAT", "DOUBLE"}),
    frozenset({"DATE", "TIMESTAMP_NTZ"}),
)


def compare_exactly(one: str | None, other: str | None) -> bool:
    """Whether values of two types are equal only if they stand for the same value.

    A number compared with a string is not such a case: ``'1'`` and ``'01'`` both equal 1. Nor are times with and
    without a zone, since an hour that a clock skips is read as the next one, dates and times with a zone, since there
    are zones that skipped a day, decimals that have more digits together than a decimal can, and texts under a
    collation, to which ``'a'`` may equal ``'A'``. A type that nobody declared is taken for the right one, that of
    an expression is not.
    """
    if DOUBTFUL in (one, other):
        return False
    if one is None or other is None:
        return True
    first, second = normal_type(one) or one, normal_type(other) or other
    if _COLLATED in first or _COLLATED in second:
        return False
    if is_same_type(first, second) or frozenset({first, second}) in _WIDENED:
        return True
    sizes = [_digits(first), _digits(second)]
    known = [size for size in sizes if size is not None]
    return len(known) == len(sizes) and sum(max(part) for part in zip(*known, strict=True)) <= _MOST_DIGITS


def united_type(kinds: Iterable[str | None]) -> str | None:
    """The type that columns of several types get together; None where nobody declared one of them."""
    known = [kind if kind is None else normal_type(kind) or kind for kind in kinds]
    if DOUBTFUL in known:
        return DOUBTFUL
    united = None if None in known else common_type(known) or DOUBTFUL
    return None if united is not None and "VOID" in united else united


def is_whole(kind: str) -> bool:
    """Whether a type holds whole numbers and decimals, each exactly."""
    return _digits(normal_type(kind) or kind) is not None


def has_few_digits(kind: str) -> bool:
    """Whether a type holds exact numbers with so few digits that no two are one DOUBLE."""
    size = _digits(normal_type(kind) or kind)
    return size is not None and sum(size) <= _DIGITS_OF_A_DOUBLE


def is_injective_cast(source: str | None, target: str | None) -> bool:
    """Whether a cast gives different values of a type different results, and none that is no NULL becomes one."""
    if source is None or target is None or DOUBTFUL in {source, target}:
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
