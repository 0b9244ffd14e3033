"""What Spark makes of types: the one that two have in common, the result of arithmetic, what an array holds.

The rules are those of Spark in ANSI mode, https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html. None
stands for a type that is not known for sure; the tests hold every other answer against Spark.
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
    """The name of a type and what stands between its brackets.

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
    found = [one for field, one in fields_of(kind) if field.lower() == name.lower()]
    return found[0] if len(found) == 1 else None


def element_of(kind: str | None) -> str | None:
    """What an array holds."""
    return _member_at(kind, "ARRAY", 0)


def key_of(kind: str | None) -> str | None:
    """The keys of a map."""
    return _member_at(kind, "MAP", 0)


def value_of(kind: str | None) -> str | None:
    """The values of a map."""
    return _member_at(kind, "MAP", 1)


def _member_at(kind: str | None, name: str, at: int) -> str | None:
    found, parts = members_of(kind or "")
    return parts[at] if found == name and len(parts) > at else None


def decimal_digits(kind: str) -> Digits | None:
    """The digits of a whole number or a decimal, as Spark makes it a decimal."""
    if kind in _DIGITS:
        return _DIGITS[kind], 0
    if not kind.startswith("DECIMAL"):
        return None
    precision, _, scale = kind.removeprefix("DECIMAL").strip("()").partition(",")
    return int(precision or 10), int(scale or 0)


def decimal_type(digits: Digits) -> str:
    """A decimal type; of one with too many digits Spark gives up scale, but at most down to six."""
    precision, scale = digits
    if precision > _MOST_DIGITS:
        scale = max(_MOST_DIGITS - (precision - scale), min(scale, _LEAST_SCALE))
        precision = _MOST_DIGITS
    return f"DECIMAL({precision}, {scale})"


def common_type(kinds: Iterable[str | None]) -> str | None:
    """The type that values of several types become in a column, as in ``coalesce``; ``VOID`` goes with any."""
    found: str | None = "VOID"
    for kind in kinds:
        found = _common_pair(found, kind) if found is not None and kind is not None else None
    return found


def _common_pair(one: str, other: str) -> str | None:
    if one == "VOID":
        return other
    if other in {one, "VOID"}:
        return one
    if one in WHOLE and other in WHOLE:
        return max(one, other, key=WHOLE.index)
    if one in _TIMES and other in _TIMES:
        return max(one, other, key=_TIMES.index)
    pair = (decimal_digits(one), decimal_digits(other))
    if one in _FRACTIONS or other in _FRACTIONS:
        is_number = all(digits or kind in _FRACTIONS for digits, kind in zip(pair, (one, other), strict=True))
        return "DOUBLE" if is_number else None
    if pair[0] and pair[1]:
        return _common_decimal(*pair)
    return _common_nested(one, other)


def _common_decimal(one: Digits | None, other: Digits | None) -> str | None:
    if one is None or other is None:
        return None
    scale = max(one[1], other[1])
    precision = max(one[0] - one[1], other[0] - other[1]) + scale
    return f"DECIMAL({precision}, {scale})" if precision <= _MOST_DIGITS else None


def _common_nested(one: str, other: str) -> str | None:
    (name, mine), (name_too, theirs) = members_of(one), members_of(other)
    if name != name_too or name not in {"ARRAY", "MAP"} or len(mine) != len(theirs):
        return None
    inner = [common_type(pair) for pair in zip(mine, theirs, strict=True)]
    return f"{name}<{', '.join(map(str, inner))}>" if all(inner) else None


def arithmetic_type(sign: str, one: str | None, other: str | None) -> str | None:
    """The type of ``+``, ``-``, ``*``, ``/``, ``%`` and ``div`` on numbers, and of days added to a date.

    Args:
        sign: The operator.
        one: The type of the left side; a literal that a decimal meets has the digits that it is written with.
        other: The type of the right side.
    """
    if one is None or other is None:
        return None
    if sign in "+-" and one == "DATE" and other in {"TINYINT", "SMALLINT", "INT"}:
        return "DATE"
    first, second = decimal_digits(one), decimal_digits(other)
    if any(kind in _FRACTIONS for kind in (one, other)):
        if not all(digits or kind in _FRACTIONS for digits, kind in ((first, one), (second, other))) or sign == "div":
            return None
        return "FLOAT" if one == other == "FLOAT" and sign != "/" else "DOUBLE"
    if first is None or second is None:
        return None
    if sign == "div":
        return "BIGINT"
    if one in WHOLE and other in WHOLE:
        return "DOUBLE" if sign == "/" else max(one, other, key=WHOLE.index)
    return decimal_type(_decimal_result(sign, first, second))


def _decimal_result(sign: str, one: Digits, other: Digits) -> Digits:
    """The digits of the result, before there are too many of them: `DecimalPrecision` of Spark."""
    (p1, s1), (p2, s2) = one, other
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
    """The type of a number rounded to some places, which are None where they are not written out."""
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
    """The type of a text made of texts, or of what becomes one; None where they differ in their collation."""
    found = set(kinds)
    if any(kind and kind.startswith(_COLLATED) for kind in found):
        return found.pop() if len(found) == 1 else None
    return "STRING"
