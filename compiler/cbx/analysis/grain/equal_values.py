"""Which types have equal values that are not identical, so that a function may return different results for them.

0.0 and -0.0 are equal and have different texts; so do strings that a collation takes as equal. GROUP BY, DISTINCT, a
join and ``=`` compare for equality, and every function sees the value. An unknown type may be such a type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from cbx.analysis.relation.columns import Field, Ids
from cbx.analysis.relation.uniqueness import exact_value_of
from cbx.parse.databricks_sql.types import normal_type

_EXACT = frozenset({
    "TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "BINARY",
    "STRING", "ARRAY", "STRUCT",
})  # fmt: skip
"""Types each of whose values is equal to itself alone, if its parts are. The entries of equal maps may be in another
order, and of what is not listed nothing is known."""

_FIELD_NAME = re.compile(r"(?:`(?:``|[^`])*`|\w+): ")
_WORD = re.compile(r"[^\W\d]\w*")


@lru_cache(maxsize=4096)
def is_exact(kind: str | None) -> bool:
    """Whether equal values of a type are identical; false for an unknown type."""
    normal = normal_type(kind) if kind is not None else None
    return normal is not None and _EXACT.issuperset(_WORD.findall(_FIELD_NAME.sub("", normal)))


def may_hold_text(kind: str | None) -> bool:
    """Whether values of a type may have a collation, which they can have from what they are made of."""
    return kind is None or any(word in kind.upper() for word in ("STRING", "CHAR", "TEXT"))


def columns_of(fields: Iterable[Field]) -> Ids:
    """The numbers of columns, and of their exact values where equal ones may differ."""
    numbers: set[int] = set()
    for field in fields:
        numbers.add(field.id)
        if not is_exact(field.type):
            numbers.add(exact_value_of(field.id))
    return frozenset(numbers)
