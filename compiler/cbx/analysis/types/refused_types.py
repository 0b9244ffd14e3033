"""The types that Spark refuses for operators and functions, in ANSI mode.

A query with such an expression cannot be analysed, whatever its data are. Only types that are certain are judged:
nothing is said of NULL, VARIANT, TIME and texts with a collation. `tests/runtime/test_refused_types_of_spark.py`
compares the rules with Spark.

Source: https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html, type coercion.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from cbx.analysis.types.intervals import interval_arithmetic_type, units_of
from cbx.analysis.types.type_rules import arithmetic_type, is_number, members_of

_FAMILIES: Mapping[str, str] = {
    "STRING": "text", "BOOLEAN": "boolean", "BINARY": "binary", "DATE": "date", "TIMESTAMP": "timestamp",
    "TIMESTAMP_NTZ": "local", "ARRAY": "array", "MAP": "map", "STRUCT": "struct",
}  # fmt: skip
_PLAIN = "number text boolean binary date timestamp local months days"

ACCEPTED: Mapping[str, str] = {
    "number text": """
        acos anonymous:std asin atan cbrt ceil cos exp floor kurtosis ln round sin skewness sqrt stddev stddevpop
        stddevsamp tan variance variancepop
    """,
    "number text months days": "abs median neg negative sign",
    "number text months days timestamp": "anonymous:mean anonymous:try_avg anonymous:try_sum avg sum",
    "boolean text": "anonymous:every anonymous:some countif logicaland logicalor not",
    "date timestamp local text": "hour lastday minute quarter second tsordsadd",
    _PLAIN: "ascii contains endswith initcap left length like lower regexplike right startswith substring trim upper",
}
"""The families of types that functions accept as their first argument.

A function has the name of its sqlglot class, or its own after ``anonymous:``.
"""

ACCEPTED_BY_NAME: Mapping[str, frozenset[str]] = {
    name: frozenset(kinds.split()) for kinds, names in ACCEPTED.items() for name in names.split()
}
"""The families that each function accepts."""

_TIMES = frozenset({"date", "timestamp", "local"})
_INTERVALS = frozenset({"months", "days"})
_BESIDE_TEXT = frozenset({"number", "boolean", "binary"}) | _TIMES


def refuses_argument(name: str, kind: str | None) -> bool:
    """Whether a function certainly refuses a type as its first argument; see `ACCEPTED` for its name."""
    family = _family_of(kind)
    return family is not None and family not in ACCEPTED_BY_NAME[name]


def refuses_arithmetic(sign: str, left: str | None, right: str | None) -> bool:
    """Whether ``+``, ``-``, ``*``, ``/``, ``%`` or ``div`` certainly refuses two types.

    Example: a date plus a text, a truth value plus a number.
    """
    families = {_family_of(left), _family_of(right)}
    if None in families or (sign in "+-" and "text" in families and families & _INTERVALS):
        return False
    return arithmetic_type(sign, left, right) is None and interval_arithmetic_type(sign, left, right) is None


def refuses_logic(left: str | None, right: str | None) -> bool:
    """Whether AND and OR certainly refuse two types: they take truth values, and one text beside them."""
    families = [_family_of(left), _family_of(right)]
    return families == ["text", "text"] or any(family not in {"boolean", "text", None} for family in families)


def refuses_comparison(kinds: Sequence[str | None]) -> bool:
    """Whether values of some types can certainly not be compared. A map is equal to nothing, not even to itself."""
    return any(_family_of(kind) == "map" for kind in kinds) or have_no_common_type(kinds)


def have_no_common_type(kinds: Sequence[str | None]) -> bool:
    """Whether some types certainly have no common type, as the branches of CASE must have."""
    families = {family for family in map(_family_of, kinds) if family is not None}
    return any(not _fit(first, second) for first, second in itertools.combinations(families, 2))


def _fit(first: str, second: str) -> bool:
    """Whether some values of two families have a common type."""
    pair = {first, second}
    return pair <= _TIMES or ("text" in pair and bool(pair & _BESIDE_TEXT))


def _family_of(kind: str | None) -> str | None:
    """The family of a type; None for a type that is not judged."""
    if kind is None:
        return None
    units = units_of(kind)
    if units:
        return "months" if units[0] in {"YEAR", "MONTH"} else "days"
    return "number" if is_number(kind) else _FAMILIES.get(members_of(kind)[0])
