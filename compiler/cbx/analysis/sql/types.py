"""The types of expressions, where they follow from the SQL reference without doubt."""

from __future__ import annotations

from cbx.parse.types import normal_type

_FAMILIES = (
    frozenset({"TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL"}),
    frozenset({"FLOAT", "DOUBLE"}),
    frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_NTZ"}),
)


def compare_exactly(one: str | None, other: str | None) -> bool:
    """Whether values of two types are equal only if they stand for the same value.

    A number compared with a string is not such a case: ``'1'`` and ``'01'`` both equal 1. A type that is not known
    is taken for the right one.
    """
    if one is None or other is None:
        return True
    first, second = _plain(one), _plain(other)
    return first == second or any(first in family and second in family for family in _FAMILIES)


def _plain(written: str) -> str:
    known = normal_type(written) or written
    return "DECIMAL" if known.startswith("DECIMAL") else known
