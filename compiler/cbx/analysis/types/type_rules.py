"""Spark's rules for types: common types, results of arithmetic, elements of arrays.

The rules are those of Spark in ANSI mode, https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html. None means
that the type is not certain; the tests compare every other result with Spark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from cbx.analysis.types.intervals import common_interval_type, units_of, widened_interval
from cbx.spark_spelling import quote_if_needed

VOID = "VOID"
"""The type of NULL, which fits any type."""

_VOID_WORD = re.compile(r"\bVOID\b")

WHOLE = ("TINYINT", "SMALLINT", "INT", "BIGINT")
FRACTIONS = ("FLOAT", "DOUBLE")
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INT": 10, "BIGINT": 20}
_TIMES = ("DATE", "TIMESTAMP_NTZ", "TIMESTAMP")
_MOST_DIGITS = 38
_LEAST_SCALE = 6
COLLATED = "STRING COLLATE "
"""How a text type with a collation begins."""

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


def array_of(element: str | None) -> str | None:
    """The array type of an element type; None where that is unknown."""
    return f"ARRAY<{element}>" if element else None


def map_of(key: str | None, value: str | None) -> str | None:
    """The map type of a key and a value type; None where one is unknown."""
    return f"MAP<{key}, {value}>" if key and value else None


def struct_of(fields: Iterable[tuple[str, str | None]]) -> str | None:
    """The struct type of named fields; None where the type of one is unknown."""
    listed = list(fields)
    inside = ", ".join(f"{quote_if_needed(name)}: {kind}" for name, kind in listed)
    return f"STRUCT<{inside}>" if all(kind for _, kind in listed) else None


def holds_void(kind: str) -> bool:
    """Whether a type is that of NULL, or has such a part."""
    return VOID in kind and _VOID_WORD.search(kind) is not None


def is_number(kind: str | None) -> bool:
    """Whether a type is numeric."""
    return kind in FRACTIONS or bool(kind and decimal_digits(kind))


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
    """The least common type of several types, as in ``coalesce``; `VOID` fits any type."""
    common: str | None = VOID
    for kind in kinds:
        common = _common_pair(common, kind) if common is not None and kind is not None else None
    return common


def _common_pair(first: str, second: str) -> str | None:
    if first == VOID:
        return second
    if second in {first, VOID}:
        return first
    if first in WHOLE and second in WHOLE:
        return max(first, second, key=WHOLE.index)
    if first in _TIMES and second in _TIMES:
        return max(first, second, key=_TIMES.index)
    if is_text(first) != is_text(second):
        return read_as(second if is_text(first) else first)
    if units_of(first):
        return common_interval_type(first, second)
    pair = (decimal_digits(first), decimal_digits(second))
    if first in FRACTIONS or second in FRACTIONS:
        is_number = all(digits or kind in FRACTIONS for digits, kind in zip(pair, (first, second), strict=True))
        return "DOUBLE" if is_number else None
    if pair[0] and pair[1]:
        return _common_decimal(*pair)
    return _common_nested(first, second)


def read_as(kind: str) -> str | None:
    """The type that a text is cast to beside a value of another type; None where Spark refuses the pair."""
    if kind in WHOLE:
        return "BIGINT"
    if is_number(kind):
        return "DOUBLE"
    return kind if kind in {"BINARY", "BOOLEAN", "VARIANT", *_TIMES} else None


def is_text(kind: str | None) -> bool:
    """Whether a type is STRING, with any collation."""
    return kind == "STRING" or bool(kind and kind.startswith(COLLATED))


def tightest_type(first: str | None, second: str | None) -> str | None:
    """The common type of an array's element and another value, as in ``array_append``."""
    if {first, second} & {"FLOAT"} and {first, second} <= {"FLOAT", *WHOLE}:
        return "FLOAT"
    return common_type([first, second])


def _common_decimal(left: Digits | None, right: Digits | None) -> str | None:
    if left is None or right is None:
        return None
    scale = max(left[1], right[1])
    precision = max(left[0] - left[1], right[0] - right[1]) + scale
    return f"DECIMAL({precision}, {scale})" if precision <= _MOST_DIGITS else None


def _common_nested(first: str, second: str) -> str | None:
    (name, mine), (name_too, theirs) = members_of(first), members_of(second)
    if name != name_too or len(mine) != len(theirs):
        return None
    if name == "STRUCT":
        return _common_struct(first, second)
    if name not in {"ARRAY", "MAP"}:
        return None
    inner = [common_type(pair) for pair in zip(mine, theirs, strict=True)]
    return f"{name}<{', '.join(map(str, inner))}>" if all(inner) else None


def _common_struct(first: str, second: str) -> str | None:
    """The common type of two structs with the same names, in any case, in the same order."""
    pairs = list(zip(fields_of(first), fields_of(second), strict=True))
    if any(mine[0].lower() != theirs[0].lower() for mine, theirs in pairs):
        return None
    return struct_of((mine[0], common_type([mine[1], theirs[1]])) for mine, theirs in pairs)


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
    if sign == "+" and right == "DATE" and left in {"TINYINT", "SMALLINT", "INT"}:
        return "DATE"
    left, right = _numeric_sides(sign, left, right)
    if left is None or right is None:
        return None
    first, second = decimal_digits(left), decimal_digits(right)
    if any(kind in FRACTIONS for kind in (left, right)):
        if not all(digits or kind in FRACTIONS for digits, kind in ((first, left), (second, right))) or sign == "div":
            return None
        return "FLOAT" if left == right == "FLOAT" and sign != "/" else "DOUBLE"
    if first is None or second is None:
        return None
    if sign == "div":
        return "BIGINT"
    if left in WHOLE and right in WHOLE:
        return "DOUBLE" if sign == "/" else max(left, right, key=WHOLE.index)
    return decimal_type(_decimal_result(sign, first, second))


def _numeric_sides(sign: str, left: str, right: str) -> tuple[str | None, str | None]:
    """Both sides of an operator, where one is a text or NULL that Spark casts to a number."""
    if left == right == VOID:
        return ("BIGINT", "BIGINT") if sign == "div" else ("DOUBLE", "DOUBLE")
    if VOID in {left, right}:
        other = right if left == VOID else left
        first = "DOUBLE" if sign == "/" and left == VOID else other
        return (first, other) if is_number(other) else (None, None)
    if is_text(left) != is_text(right):
        kind = read_as(right if is_text(left) else left)
        number = kind if kind in {"BIGINT", "DOUBLE"} else None
        return (number, right) if is_text(left) else (left, number)
    return left, right


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
    if units_of(kind):
        return kind
    digits = decimal_digits(kind) if kind else None
    if digits:
        return f"DECIMAL({min(digits[0] + 10, _MOST_DIGITS)}, {digits[1]})"
    return "DOUBLE" if kind in FRACTIONS or is_text(kind) or kind in {VOID, *_TIMES} else None


def average_type(kind: str | None) -> str | None:
    """The type of an average: a decimal gains four digits on each side of the point."""
    digits = decimal_digits(kind) if kind else None
    if units_of(kind):
        return widened_interval(kind)
    if kind in WHOLE or kind in FRACTIONS or is_text(kind) or kind in {VOID, *_TIMES}:
        return "DOUBLE"
    if digits is None:
        return None
    return f"DECIMAL({min(digits[0] + 4, _MOST_DIGITS)}, {min(digits[1] + 4, _MOST_DIGITS)})"


def rounded_type(kind: str | None, places: int | None) -> str | None:
    """The type of a rounded number; ``places`` is None where it is no literal."""
    digits = decimal_digits(kind) if kind else None
    if is_text(kind) or kind == VOID:
        return "DOUBLE"
    if kind in WHOLE or kind in FRACTIONS:
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
    distinct = {kind for kind in kinds if kind != VOID}
    if any(kind and kind.startswith(COLLATED) for kind in distinct):
        return distinct.pop() if len(distinct) == 1 else None
    return "STRING"
