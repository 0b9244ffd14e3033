"""How the rows of an operation change when inputs get new rows, and what joins make equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cbx.runtime.refresh_rules.supported_expressions import ONE_CHILD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cbx.runtime.refresh_rules.query_plan import Expression, Operation

INNER: Final = frozenset({"Inner", "Cross"})
KEEPS_LEFT: Final = frozenset({"LeftOuter", "LeftSemi", "LeftAnti"})
CONSTANT, LINEAR, OTHER = "constant", "linear", "other"


def find_growth(node: Operation, grown: Collection[int]) -> str:
    """How the rows of an operation change: not at all, by those of the new rows, or otherwise.

    Args:
        node: The operation.
        grown: The places of the inputs that have new rows.
    """
    if node.kind == "Relation":
        return LINEAR if node.table in grown else CONSTANT
    parts = [find_growth(child, grown) for child in node.children]
    if all(part == CONSTANT for part in parts):
        return CONSTANT
    if node.kind == "Join":
        left, right = parts
        if node.join in INNER:
            return LINEAR if sorted(parts) == [CONSTANT, LINEAR] else OTHER
        kept, other = (left, right) if node.join in KEEPS_LEFT else (right, left)
        return LINEAR if (kept, other) == (LINEAR, CONSTANT) else OTHER
    if node.kind in ONE_CHILD or node.kind in ("Generate", "Union"):
        return LINEAR if all(part == LINEAR for part in parts) else OTHER
    return OTHER


def has_grown(node: Operation, grown: Collection[int]) -> bool:
    """Whether an operation reads an input with new rows."""
    return any(each.table in grown for each in node.walk() if each.kind == "Relation")


def equal_columns(node: Operation) -> list[tuple[Expression, Expression]]:
    """The pairs of columns of the left and the right side that are equal in rows that a join puts together."""
    left, right = (set(child.outputs) for child in node.children)
    pairs = []
    for each in _conjuncts(node.expressions):
        if each.kind not in ("EqualTo", "EqualNullSafe"):
            continue
        first, second = each.children
        if first.kind != "AttributeReference" or second.kind != first.kind or first.type != second.type:
            continue
        if first.column in right and second.column in left:
            first, second = second, first
        if first.column in left and second.column in right:
            pairs.append((first, second))
    return pairs


def _conjuncts(conditions: Sequence[Expression]) -> Iterator[Expression]:
    for condition in conditions:
        if condition.kind == "And":
            yield from _conjuncts(condition.children)
        else:
            yield condition
