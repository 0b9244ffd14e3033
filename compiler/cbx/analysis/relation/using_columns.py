"""What a join on names of columns compares, and the columns that it merges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field, Merge
from cbx.analysis.types.value_types import compare_exactly, united_type

UsingPair = tuple[Field, Field]
"""The columns of the left and of the right side that have a name."""


def using_predicates(pairs: Sequence[UsingPair]) -> list[ir.Predicate]:
    """The conditions of a join on names. Equality of types that do not compare exactly says nothing of the values."""
    return [
        ir.Equal(ir.Reference(left.id), ir.Reference(right.id))
        if compare_exactly(left.type, right.type)
        else ir.Condition(frozenset({left.id, right.id}), (frozenset({left.id, right.id}),))
        for left, right in pairs
    ]


def merge_pair(
    kind: ir.JoinKind, pair: UsingPair, new_field: Callable[[str, str | None], Field]
) -> tuple[Field, Merge | None]:
    """The column that the result has for a pair: one of its sides, or in a full join a new one.

    Args:
        kind: The kind of the join.
        pair: The columns.
        new_field: Makes a column with a name and a type.

    Returns:
        The column, and how it is merged; None if it is a column of a side, or if nothing is known of its values.
    """
    left, right = pair
    if kind != "full":
        return right if kind == "right" else left, None
    merged = new_field(left.name, united_type((left.type, right.type)))
    is_exact = compare_exactly(left.type, right.type)
    return merged, Merge(merged.id, left.id, right.id) if is_exact else None
