"""Spark's rules for types: common types, results of arithmetic, elements of arrays.

The rules are those of Spark in ANSI mode, https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html. None means
that the type is not certain; the tests compare every other result with Spark.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

WHOLE = ("TINYINT", "SMALLINT", "INT", "BIGINT")
_FRACTIONS = ("FLOAT", "DOUBLE")
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INT": 10, "BIGINT": 20}
_TIMES = ("DATE", "TIMESTAMP_NTZ", "TIMESTAMP")
_MOST_DIGITS = 38
_LEAST_SCALE = 6
_COLLATED = "STRING COLLATE "

Digits = tuple[int, int]
"""The precision and the scale of a decimal."""


@lru_cache(maxsize=1024)
def members_of(kind: str) -> tuple[str, tuple[str, ...]]:
    """The name of a type and the types or fields between its brackets.

    Example:
        ``MAP<STRING, ARRAY<INT>>`` has the name ``MAP`` and the parts ``STRING`` and ``ARRAY<INT>``.
    """
    name, bracket, rest = kind.partition("<")
    if not bracket or not rest.endswith(">"):
        return kind, ()
    parts, depth, start, is_quoted = [], 0, 0, False
    for at, sign in enumerate(rest[:-1]):
        if sign == "`":
            is_quoted = not is_quoted
        elif is_quoted:
            continue
        elif sign in "<(":
            depth += 1
        elif sign in ">)":
            depth -= 1
        elif sign == "," and not depth:
            parts.append(rest[start:at].strip())
            start = at + 1
    last = rest[start:-1].strip()
    return name, (*parts, last) if last else ()


@lru_cache(maxsize=1024)
def fields_of(kind: str) -> tuple[tuple[str, str], ...]:
    """The names and types of a struct's fields; none for any other type."""
    name, parts = members_of(kind)
    return tuple(map(_field, parts)) if name == "STRUCT" else ()


def _field(part: str) -> tuple[str, str]:
    if not part.startswith("`"):
        name, _, kind = part.partition(":")
        return name.strip(), kind.strip()
    end = 1
    while part[end : end + 2] == "``" or part[end] != "`":
        end += 2 if part[end] == "`" else 1
    return part[1:end].replace("``", "`"), part[end + 1 :].lstrip(" :")


def field_type(kind: str | None, name: str) -> str | None:
    """The type of a struct's field, of that field in an array of structs, or of a key in a map."""
    if kind is None:
        return None
    if members_of(kind)[0] == "ARRAY":
        inner = field_type(element_of(kind), name)
        return f"ARRAY<{inner}>" if inner else None
    if key_of(kind) == "STRING":
        return value_of(kind)
    matching = [inner for field, inner in fields_of(kind) if field.lower() == name.lower()]
    return matching[0] if len(matching) == 1 else None


def element_of(kind: str | None) -> str | None:
    """The element type of an array; None for any other type."""
    return _member_at(kind, "ARRAY", 0)


def key_of(kind: str | None) -> str | None:
    """The key type of a map; None for any other type."""
    return _member_at(kind, "MAP", 0)


def value_of(kind: str | None) -> str | None:
    """The value type of a map; None for any other type."""
    return _member_at(kind, "MAP", 1)


def _member_at(kind: str | None, name: str, at: int) -> str | None:
    kind_name, parts = members_of(kind or "")
    return parts[at] if kind_name == name and len(parts) > at else None


def decimal_digits(kind: str) -> Digits | None:
    """The precision and scale of a decimal, or of a whole number that Spark casts to one; None for any other type."""
    if kind in _DIGITS:
        return _DIGITS[kind], 0
    if not kind.startswith("DECIMAL"):
        return None
    precision, _, scale = kind.removeprefix("DECIMAL").strip("()").partition(",")
    return int(precision or 10), int(scale or 0)


def decimal_type(digits: Digits) -> str:
    """A decimal type; if it has too many digits, Spark reduces the scale down to six."""
    precision, scale = digits
    if precision > _MOST_DIGITS:
        scale = max(_MOST_DIGITS - (precision - scale), min(scale, _LEAST_SCALE))
        precision = _MOST_DIGITS
    return f"DECIMAL({precision}, {scale})"


def common_type(kinds: Iterable[str | None]) -> str | None:
    """The least common type of several types, as in ``coalesce``; ``VOID`` fits any type."""
    common: str | None = "VOID"
    for kind in kinds:
        common = _common_pair(common, kind) if common is not None and kind is not None else None
    return common


def _common_pair(first: str, second: str) -> str | None:
    if first == "VOID":
        return second
    if second in {first, "VOID"}:
        return first
    if first in WHOLE and second in WHOLE:
        return max(first, second, key=WHOLE.index)
    if first in _TIMES and second in _TIMES:
        return max(first, second, key=_TIMES.index)
    pair = (decimal_digits(first), decimal_digits(second))
    if first in _FRACTIONS or second in _FRACTIONS:
        is_number = all(digits or kind in _FRACTIONS for digits, kind in zip(pair, (first, second), strict=True))
        return "DOUBLE" if is_number else None
    if pair[0] and pair[1]:
        return _common_decimal(*pair)
    return _common_nested(first, second)


def _common_decimal(left: Digits | None, right: Digits | None) -> str | None:
    if left is None or right is None:
        return None
    scale = max(left[1], right[1])
    precision = max(left[0] - left[1], right[0] - right[1]) + scale
    return f"DECIMAL({precision}, {scale})" if precision <= _MOST_DIGITS else None


def _common_nested(first: str, second: str) -> str | None:
    (name, mine), (name_too, theirs) = members_of(first), members_of(second)
    if name != name_too or name not in {"ARRAY", "MAP"} or len(mine) != len(theirs):
        return None
    inner = [common_type(pair) for pair in zip(mine, theirs, strict=True)]
    return f"{name}<{', '.join(map(str, inner))}>" if all(inner) else None


def arithmetic_type(sign: str, left: str | None, right: str | None) -> str | None:
    """The type of ``+``, ``-``, ``*``, ``/``, ``%`` and ``div`` on numbers, and of days added to a date.

    Args:
        sign: The operator.
        left: The type of the left side. A literal beside a decimal has the digits that it is written with.
        right: The type of the right side.
    """
    if left is None or right is None:
        return None
    if sign in "+-" and left == "DATE" and right in {"TINYINT", "SMALLINT", "INT"}:
        return "DATE"
    first, second = decimal_digits(left), decimal_digits(right)
    if any(kind in _FRACTIONS for kind in (left, right)):
        if not all(digits or kind in _FRACTIONS for digits, kind in ((first, left), (second, right))) or sign == "div":
            return None
        return "FLOAT" if left == right == "FLOAT" and sign != "/" else "DOUBLE"
    if first is None or second is None:
        return None
    if sign == "div":
        return "BIGINT"
    if left in WHOLE and right in WHOLE:
        return "DOUBLE" if sign == "/" else max(left, right, key=WHOLE.index)
    return decimal_type(_decimal_result(sign, first, second))


def _decimal_result(sign: str, left: Digits, right: Digits) -> Digits:
    """The digits of the result before the limit is applied: `DecimalPrecision` of Spark."""
    (p1, s1), (p2, s2) = left, right
    match sign:
        case "*":
            return p1 + p2 + 1, s1 + s2
        case "/":
            scale = max(_LEAST_SCALE, s1 + p2 + 1)
            return p1 - s1 + s2 + scale, scale
        case "%":
            return min(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2)
        case _:
            return max(s1, s2) + max(p1 - s1, p2 - s2) + 1, max(s1, s2)


def sum_type(kind: str | None) -> str | None:
    """The type of a sum: whole numbers become BIGINT, a decimal gains ten digits, up to 38."""
    if kind in WHOLE:
        return "BIGINT"
    digits = decimal_digits(kind) if kind else None
    if digits:
        return f"DECIMAL({min(digits[0] + 10, _MOST_DIGITS)}, {digits[1]})"
    return "DOUBLE" if kind in _FRACTIONS else None


def average_type(kind: str | None) -> str | None:
    """The type of an average: a decimal gains four digits on each side of the point."""
    digits = decimal_digits(kind) if kind else None
    if kind in WHOLE or kind in _FRACTIONS:
        return "DOUBLE"
    if digits is None:
        return None
    return f"DECIMAL({min(digits[0] + 4, _MOST_DIGITS)}, {min(digits[1] + 4, _MOST_DIGITS)})"


def rounded_type(kind: str | None, places: int | None) -> str | None:
    """The type of a rounded number; ``places`` is None where it is no literal."""
    digits = decimal_digits(kind) if kind else None
    if kind in WHOLE or kind in _FRACTIONS:
        return kind
    if digits is None or places is None:
        return None
    whole = digits[0] - digits[1] + 1
    if places < 0:
        return decimal_type((max(whole, -places + 1), 0))
    scale = min(digits[1], places)
    return decimal_type((whole + scale, scale))


def text_type(kinds: Iterable[str | None]) -> str | None:
    """The type of a text function: STRING, with the collation that all arguments have; None where collations differ."""
    distinct = set(kinds)
    if any(kind and kind.startswith(_COLLATED) for kind in distinct):
        return distinct.pop() if len(distinct) == 1 else None
    return "STRING"
