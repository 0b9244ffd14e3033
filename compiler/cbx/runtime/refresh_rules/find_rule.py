"""Decides which rows of a materialized view new rows of its inputs can change.

The inputs have grown: they have all rows that they had, and new ones. Then one of three rules may hold:

- **Append**: the rows of the view are those that it had, and those of its query over the new rows alone. So it is for
  filters, projections, unions and generators, and for joins of the rows that have grown with rows that are the same.
- **Merge**: the view has the groups of an aggregate, whose results are merged with those of the new rows
  (``find_merge.py``).
- **Groups**: a condition on some columns of the view is the same as a condition on the rows of each input that has
  grown. Rows of the view with other values in these columns than the new rows are unchanged. So it is for aggregates,
  by what they group by, for DISTINCT, and for joins, by columns that must be equal.

The last rule is the one by which an optimizer pushes a filter down. Whatever is not known to satisfy a rule does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from cbx.runtime.refresh_rules.find_merge import MergeRule, find_merge
from cbx.runtime.refresh_rules.growth import KEEPS_LEFT, LINEAR, equal_columns, find_growth, has_grown
from cbx.runtime.refresh_rules.query_description import Obstacle
from cbx.runtime.refresh_rules.query_plan import name_column
from cbx.runtime.refresh_rules.supported_expressions import find_unsupported_operation, is_exact, type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cbx.runtime.refresh_rules.query_plan import Expression, Operation


class AppendRule(NamedTuple):
    """The rows of the query over the new rows are appended."""


class GroupColumn(NamedTuple):
    """A column of the view that tells which of its rows new rows can change.

    Attributes:
        place: The place of the column.
        sources: The values of the column for the new rows of an input: its place, and the expression over its columns.
    """

    place: int
    sources: tuple[tuple[int, Expression], ...]


class GroupsRule(NamedTuple):
    """The rows whose values in these columns are those of new rows are recomputed."""

    columns: tuple[GroupColumn, ...]


def find_rule(
    plan: Operation, changed: Collection[int], rewritten: Collection[int] = ()
) -> AppendRule | MergeRule | GroupsRule | Obstacle:
    """The rule by which a view is refreshed.

    Args:
        plan: The plan of its query.
        changed: The places of the inputs that have new rows; all other inputs are the same.
        rewritten: Those of them that have lost rows, too: groups with such rows are computed again.
    """
    if _size(plan, {}) > _MOST_OPERATIONS:
        return _refuse("its plan has too many operations")
    merge = None if rewritten else find_merge(plan, changed)
    if merge is not None:
        return merge
    reason = next(filter(None, map(find_unsupported_operation, plan.walk())), None)
    if reason is not None:
        return _refuse(reason)
    if not rewritten and find_growth(plan, changed) == LINEAR:
        return AppendRule()
    columns = []
    for place, column in enumerate(plan.outputs):
        sources = _push(plan, name_column(column), changed)
        if sources and all(_is_certain(expression) for _, expression in sources):
            columns.append(GroupColumn(place, tuple(sources)))
    if columns:
        return GroupsRule(tuple(columns))
    return Obstacle("no column of it tells which of its rows change", "PLAN_NOT_INCREMENTALIZABLE")


def _refuse(reason: str) -> Obstacle:
    return Obstacle(reason, "PLAN_NOT_INCREMENTALIZABLE")


def _is_certain(value: Expression) -> bool:
    """Whether equal values are the same in every bit, also of all parts of an expression: 0.0 and -0.0 are not."""
    return bool(value.columns()) and all(is_exact(type_of(part)) for part in value.walk())


_MOST_OPERATIONS: Final = 5_000
"""Common table expressions that read each other twice double the operations each."""


def _size(node: Operation, known: dict[int, int]) -> int:
    """The number of operations of a plan; those of a common table expression count wherever it is read."""
    if id(node) not in known:
        known[id(node)] = 1 + sum(_size(child, known) for child in node.children)
    return known[id(node)]


_Sources = list[tuple[int, "Expression"]]


def _push(node: Operation, value: Expression, grown: Collection[int]) -> _Sources | None:
    """A condition on a value of the rows of an operation, as conditions on the rows of the inputs that have grown.

    Args:
        node: The operation.
        value: The value, over its columns.
        grown: The places of the inputs that have grown.

    Returns:
        The value over the columns of each input; None if there is none for one of them.
    """
    if not has_grown(node, grown):
        return []
    if not value.columns() <= set(node.outputs):
        return None
    if node.kind == "Relation":
        return [] if node.table is None else [(node.table, value)]
    if node.kind in _PUSHES:
        return _PUSHES[node.kind](node, value, grown)
    return _push(node.children[0], value, grown)


def _push_project(node: Operation, value: Expression, grown: Collection[int]) -> _Sources | None:
    return _push(node.children[0], value.substitute(_definitions(node)), grown)


def _push_renamed(node: Operation, value: Expression, grown: Collection[int]) -> _Sources | None:
    """Through columns that have other numbers, at the same places."""
    if len(node.outputs) != len(node.children[0].outputs):
        return None
    return _push(node.children[0], _rename(value, node.outputs, node.children[0].outputs), grown)


def _push_aggregate(node: Operation, value: Expression, grown: Collection[int]) -> _Sources | None:
    """Through an aggregate, if the value depends only on what it groups by."""
    value = value.substitute(_definitions(node))
    return _push(node.children[0], value, grown) if _is_made_of(value, node.groups) else None


def _push_union(node: Operation, value: Expression, grown: Collection[int]) -> _Sources | None:
    sources: _Sources = []
    for child in node.children:
        if len(child.outputs) != len(node.outputs):
            return None
        pushed = _push(child, _rename(value, node.outputs, child.outputs), grown)
        if pushed is None:
            return None
        sources += pushed
    return sources


def _push_join(node: Operation, value: Expression, grown: Collection[int]) -> _Sources | None:
    """Through a join: into the side that has the value, and by columns that must be equal into the other."""
    left, right = node.children
    pairs = equal_columns(node)
    ways: dict[str, tuple[Operation, Operation, dict[int | None, Expression]]] = {
        "left": (left, right, {ours.column: theirs for ours, theirs in pairs}),
        "right": (right, left, {theirs.column: ours for ours, theirs in pairs}),
    }
    names = ["left"] if node.join in KEEPS_LEFT else ["right"] if node.join == "RightOuter" else ["left", "right"]
    for name in names:
        side, other, partners = ways[name]
        if not value.columns() <= set(side.outputs):
            continue
        sources = _push(side, value, grown)
        if sources is None:
            continue
        if not has_grown(other, grown):
            return sources
        if not value.columns() <= set(partners):
            continue
        more = _push(other, value.substitute(partners), grown)
        if more is not None:
            return sources + more
    return None


_PUSHES: Final[Mapping[str, Callable[[Operation, Expression, Collection[int]], _Sources | None]]] = {
    "Project": _push_project,
    "Renamed": _push_renamed,
    "Aggregate": _push_aggregate,
    "Union": _push_union,
    "Join": _push_join,
    # The columns that a generator makes are not those of its child, so that the check of the columns fails.
}


def _definitions(node: Operation) -> dict[int | None, Expression]:
    """What the columns of a Project or an Aggregate are."""
    return {column: each.value for column, each in zip(node.outputs, node.expressions, strict=True)}


def _is_made_of(value: Expression, groups: Sequence[Expression]) -> bool:
    """Whether a value is the same for all rows of a group."""
    if value.kind == "AggregateExpression":
        return False
    if any(value.is_same(group) for group in groups) or value.kind == "Literal":
        return True
    return bool(value.children) and all(_is_made_of(child, groups) for child in value.children)


def _rename(value: Expression, old: Sequence[int], new: Sequence[int]) -> Expression:
    """The value over columns with other numbers, at the same places."""
    return value.substitute({ours: name_column(theirs) for ours, theirs in zip(old, new, strict=True)})
