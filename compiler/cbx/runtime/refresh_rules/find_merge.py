"""Decides whether the groups of a view can be merged with the aggregates of new rows.

Then the rows that a group had before need not be read: its new total is the old one and that of the new rows. So it is
if the view shows what it groups by, and each of its aggregates can be made of two of its results. Above the aggregate
there may be joins with tables that are the same, for as far as they do not look at the aggregates:

    SELECT c.name, t.customer_id, t.total
    FROM (SELECT customer_id, sum(price) AS total FROM orders GROUP BY customer_id) AS t
    JOIN customers AS c ON c.customer_id = t.customer_id

Whatever is not known to be exact is not merged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from cbx.runtime.refresh_rules.growth import CONSTANT, INNER, KEEPS_LEFT, LINEAR, equal_columns, find_growth
from cbx.runtime.refresh_rules.supported_expressions import (
    WHOLE_NUMBERS,
    find_unsupported,
    find_unsupported_operation,
    is_exact,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from cbx.runtime.refresh_rules.query_plan import Expression, Operation

Merge = Literal["add", "least", "greatest", "of least", "of greatest", "add distinct"]
"""How two results of an aggregate become one: as their sum, the smaller or the larger one, the one that belongs to the
smaller or larger value of another column, or the sum without values that both have seen."""


class MergedColumn(NamedTuple):
    """A column of a view that has the result of an aggregate.

    Attributes:
        place: The place of the column.
        merge: How its results are merged.
        other: The place of the column that decides, for ``of least`` and ``of greatest``.
        counted: The values that are counted, over the rows that are grouped, for ``add distinct``.
    """

    place: int
    merge: Merge
    other: int = -1
    counted: tuple[Expression, ...] = ()


class MergeRule(NamedTuple):
    """The groups of the new rows are merged with those that the view has.

    Attributes:
        groups: The places of the columns that identify a group.
        columns: The columns with the results of aggregates.
        aggregate: The operation that makes the groups.
        has_joins: Whether a group may have several rows, or none.
    """

    groups: tuple[int, ...]
    columns: tuple[MergedColumn, ...]
    aggregate: Operation
    has_joins: bool


class _Value(NamedTuple):
    """What a column is.

    Attributes:
        kind: A value by which is grouped, an aggregate, something made of an aggregate, or anything else.
        number: Which of the groups, or of the columns of the aggregate.
    """

    kind: Literal["group", "aggregate", "derived", "free"]
    number: int = -1


_FREE: Final = _Value("free")
_DERIVED: Final = _Value("derived")


class _Groups(NamedTuple):
    """An aggregate below some operations, and the columns of the topmost of them."""

    aggregate: Operation
    values: Mapping[int | None, _Value]
    has_joins: bool = False


def find_merge(plan: Operation, grown: Collection[int]) -> MergeRule | None:
    """The rule by which groups are merged; None if it does not hold.

    Args:
        plan: The plan of a query.
        grown: The places of the inputs that have new rows; all other inputs are the same.
    """
    groups = _find_groups(plan, grown)
    if groups is None or not all(find_unsupported_operation(node) is None for node in _others(plan, groups.aggregate)):
        return None
    values = [groups.values.get(column, _DERIVED) for column in plan.outputs]
    if any(value.kind == "derived" for value in values):
        return None
    places = {value.number: place for place, value in enumerate(values) if value.kind == "group"}
    if set(places) != set(range(len(groups.aggregate.groups))) or (groups.has_joins and not places):
        return None
    functions = _functions(groups.aggregate)
    columns = _merge_columns(values, functions)
    if columns is None or (any(column.counted for column in columns) and _is_shared(groups.aggregate)):
        return None
    return MergeRule(tuple(places[number] for number in sorted(places)), columns, groups.aggregate, groups.has_joins)


def _is_shared(aggregate: Operation) -> bool:
    """Whether it reads a common table expression, without which its rows cannot be read alone."""
    return any(node.kind == "Renamed" for node in aggregate.walk())


def _others(plan: Operation, aggregate: Operation) -> list[Operation]:
    return [node for node in plan.walk() if node is not aggregate]


def _find_groups(node: Operation, grown: Collection[int]) -> _Groups | None:
    """The aggregate whose groups are the rows of an operation; None if there is none."""
    if node.kind == "Aggregate":
        return _read_aggregate(node, grown)
    if node.kind == "Join":
        return _read_join(node, grown)
    if node.kind not in ("Project", "SubqueryAlias", "View", "Renamed", "Filter"):
        return None
    groups = _find_groups(node.children[0], grown)
    if groups is None:
        return None
    inner = node.children[0].outputs
    if node.kind == "Renamed":
        if len(inner) != len(node.outputs):
            return None
        old = [groups.values[column] for column in inner]
        return groups._replace(values=dict(zip(node.outputs, old, strict=True)))
    if node.kind == "Filter":
        return groups if _is_free(node.expressions, groups) else None
    if node.kind == "Project":
        made = [_look_through(each, groups.values) for each in node.expressions]
        return groups._replace(values=dict(zip(node.outputs, made, strict=True)))
    return groups


def _read_join(node: Operation, grown: Collection[int]) -> _Groups | None:
    """Of a join of groups with a table that is the same."""
    left, right = node.children
    growths = [find_growth(child, grown) for child in node.children]
    if growths.count(CONSTANT) != 1:
        return None
    is_left = growths[1] == CONSTANT
    if node.join not in INNER | (KEEPS_LEFT if is_left else {"RightOuter"}):
        return None
    groups = _find_groups(left if is_left else right, grown)
    if groups is None:
        return None
    values: dict[int | None, _Value] = dict.fromkeys((right if is_left else left).outputs, _FREE)
    values.update(groups.values)
    for pair in equal_columns(node) if node.join in INNER else ():
        ours, theirs = pair if is_left else pair[::-1]
        if values[ours.column].kind == "group" and is_exact(ours.type):
            values[theirs.column] = values[ours.column]
    groups = groups._replace(values=values, has_joins=True)
    return groups if _is_free(node.expressions, groups) else None


def _is_free(conditions: Sequence[Expression], groups: _Groups) -> bool:
    """Whether conditions look at no aggregate."""
    columns = [column for condition in conditions for column in condition.columns()]
    return all(groups.values.get(column, _DERIVED).kind in ("group", "free") for column in columns)


def _look_through(expression: Expression, values: Mapping[int | None, _Value]) -> _Value:
    """What an expression over columns is."""
    value = _without_casts(expression)
    if value.kind == "AttributeReference":
        return values.get(value.column, _DERIVED)
    kinds = {values.get(column, _DERIVED).kind for column in expression.columns()}
    return _FREE if kinds <= {"group", "free"} else _DERIVED


def _read_aggregate(node: Operation, grown: Collection[int]) -> _Groups | None:
    """Of the aggregate itself, whose rows must be those that it had and those of the new rows."""
    if find_growth(node.children[0], grown) != LINEAR:
        return None
    groups = [group.value for group in node.groups]
    if any(find_unsupported(group) is not None or not _is_exact(group) for group in groups):
        return None
    values: dict[int | None, _Value] = {}
    for number, (column, expression) in enumerate(zip(node.outputs, node.expressions, strict=True)):
        layers = list(_look_below_casts(expression))
        place = next((place for place, group in enumerate(groups) if any(map(group.is_same, layers))), None)
        if place is not None:
            values[column] = _Value("group", place)
        elif layers[-1].kind == "AggregateExpression":
            values[column] = _Value("aggregate", number)
        else:
            values[column] = _DERIVED
    return _Groups(node, values)


def _is_exact(value: Expression) -> bool:
    return all(is_exact(type_of(part)) for part in value.walk())


def _functions(aggregate: Operation) -> dict[int, Expression]:
    """The aggregates of an operation, by the number of their column."""
    values = enumerate(map(_without_casts, aggregate.expressions))
    return {number: value for number, value in values if value.kind == "AggregateExpression"}


def _merge_columns(values: Sequence[_Value], functions: Mapping[int, Expression]) -> tuple[MergedColumn, ...] | None:
    """How the columns with aggregates are merged; None if it is not known of all of them."""
    shown = {value.number: place for place, value in enumerate(values) if value.kind == "aggregate"}
    columns = []
    for place, value in enumerate(values):
        if value.kind == "aggregate":
            column = _merge_column(place, value.number, functions, shown)
            if column is None:
                return None
            columns.append(column)
    return tuple(columns)


def _merge_column(
    place: int, number: int, functions: Mapping[int, Expression], shown: Mapping[int, int]
) -> MergedColumn | None:
    aggregate = functions[number]
    function, is_filtered = aggregate.children[0], len(aggregate.children) > 1
    parts = (*function.children, *aggregate.children[1:])
    if any(find_unsupported(part) is not None or _has_aggregate(part) for part in parts):
        return None
    kind, is_distinct = function.kind, _IS_DISTINCT.search(aggregate.text) is not None
    if kind == "Count" and is_distinct:
        is_known = not is_filtered and all(map(_is_exact, function.children))
        return MergedColumn(place, "add distinct", counted=function.children) if is_known else None
    if kind in ("Count", "CountIf"):
        return None if is_distinct else MergedColumn(place, "add")
    if kind == "Sum":
        return MergedColumn(place, "add") if not is_distinct and _adds_exactly(aggregate, function) else None
    if kind in _EXTREMES:
        return MergedColumn(place, _EXTREMES[kind]) if is_exact(type_of(function.children[0])) else None
    if kind in _BY and not is_filtered and not is_distinct:
        name, merge = _BY[kind]
        order = function.children[1]
        for other, each in functions.items():
            deciding = each.children[0]
            if deciding.kind == name and len(each.children) == 1 and deciding.children[0].is_same(order):
                is_known = other in shown and is_exact(type_of(order))
                return MergedColumn(place, merge, other=shown[other]) if is_known else None
    return None


_IS_DISTINCT: Final = re.compile(r'"isDistinct": true')
_EXTREMES: Final[Mapping[str, Merge]] = {
    "BoolAnd": "least",
    "BoolOr": "greatest",
    "Max": "greatest",
    "Min": "least",
}
_BY: Final[Mapping[str, tuple[str, Merge]]] = {"MaxBy": ("Max", "of greatest"), "MinBy": ("Min", "of least")}
"""Of rows with the same order, either value may come out of these aggregates: here that of the new rows, as if Spark
had read them last."""


def _has_aggregate(part: Expression) -> bool:
    return any(each.kind == "AggregateExpression" for each in part.walk())


def _adds_exactly(aggregate: Expression, function: Expression) -> bool:
    """Whether a sum is exact, or fails where it has no place: then sums of sums do the same."""
    if not is_exact(type_of(function.children[0])) or function.evaluation_mode() != _FAILS:
        return False
    result = _DECIMAL.fullmatch(aggregate.result_type())
    return aggregate.result_type() == "long" if result is None else int(result[1]) < _MOST_DIGITS


_FAILS: Final = "ANSI"
_DECIMAL: Final = re.compile(r"decimal\((\d+),\s*(-?\d+)\)")
_MOST_DIGITS: Final = 38
"""The sum of two decimals of so many digits has fewer digits behind the point."""


def _without_casts(expression: Expression) -> Expression:
    """What an expression is, apart from its name and conversions that keep each value, or fail."""
    return list(_look_below_casts(expression))[-1]


def _look_below_casts(expression: Expression) -> Iterator[Expression]:
    """An expression without its name, and without one after the other of the conversions that keep each value."""
    value = expression.value
    yield value
    while value.kind == "Cast" and _keeps_values(value):
        value = value.children[0].value
        yield value


def _keeps_values(cast: Expression) -> bool:
    before, after = (type_of(cast.children[0]) or cast.children[0].result_type()), cast.type or ""
    if cast.evaluation_mode() != _FAILS:
        return False
    if before in WHOLE_NUMBERS and after in WHOLE_NUMBERS:
        return True
    scales = [_DECIMAL.fullmatch(each) for each in (before, after)]
    return before == after or (all(scales) and len({each[2] for each in scales if each is not None}) == 1)
