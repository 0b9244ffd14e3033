"""The sides of outer joins whose columns are NULL in rows without a match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Ids
from cbx.analysis.relation.conditions import non_null_in_rows, rejects_nulls
from cbx.analysis.relation.needs import NOTHING, Needs, is_some_needed
from cbx.analysis.relation.relation_walks import nodes_of
from cbx.analysis.relation.relations import Relation


@dataclass(frozen=True, slots=True)
class OuterSide:
    """A side of an outer join, and the columns that are NULL in rows without a match, if these rows still have them."""

    join: ir.Join
    side: Literal["left", "right"]
    columns: Ids


def outer_sides(relation: Relation) -> list[OuterSide]:
    """The sides of outer joins of which some rows may have no match, innermost first.

    A condition in between that no such row fulfils makes the join an inner one, so that its side is not listed. Neither
    are those of joins without a condition, which match all rows with all.

    Example:
        For ``SELECT a.id, b.x FROM a LEFT JOIN b ON b.id = a.id`` it is the right side, with all columns of ``b``.
    """
    match relation:
        case ir.Join():
            return _sides_of_join(relation)
        case ir.Filter(input=rows, predicates=predicates):
            return _without_rejected(outer_sides(rows), predicates)
        case ir.Projection(input=rows, definitions=definitions):
            return [_with_computed(side, definitions) for side in outer_sides(rows)]
        case ir.Window(input=rows) | ir.Limit(input=rows) | ir.Distinct(input=rows):
            return outer_sides(rows)
        case ir.Explode(input=rows, needs=needs):
            return _without_needed(outer_sides(rows), needs)
        case ir.Lateral(input=rows, query=query, is_outer=is_outer):
            return _without_needed(outer_sides(rows), NOTHING if is_outer else (non_null_in_rows(query),))
        case ir.Copy(input=rows, offset=offset):
            return [
                replace(side, columns=frozenset(column + offset for column in side.columns))
                for side in outer_sides(rows)
            ]
        case ir.Aggregate(input=rows, groups=groups):
            kept = frozenset(group.column for group in groups if group.column == group.source)
            sides = outer_sides(rows) if kept else []
            return [replace(side, columns=side.columns & kept) for side in sides if side.columns & kept]
        case _:
            return []


def _sides_of_join(join: ir.Join) -> list[OuterSide]:
    sides = outer_sides(join.left)
    if join.kind in {"semi", "anti"}:
        return _without_rejected(sides, join.predicates) if join.kind == "semi" else sides
    sides = sides + outer_sides(join.right)
    if join.kind == "inner":
        return _without_rejected(sides, join.predicates)
    if join.predicates and join.kind in {"left", "full"} and not _may_have_other_columns(join.left):
        sides.append(OuterSide(join, "right", _ids(join.right)))
    if join.predicates and join.kind in {"right", "full"} and not _may_have_other_columns(join.right):
        sides.append(OuterSide(join, "left", _ids(join.left)))
    return sides


def _may_have_other_columns(relation: Relation) -> bool:
    """Whether a name that was taken for a column of the other side may be one of this relation, which is not read."""
    return relation.is_open and any(isinstance(node, ir.Opaque) and node.is_open for node in nodes_of(relation))


def _with_computed(side: OuterSide, definitions: Sequence[ir.Definition]) -> OuterSide:
    """A side with the new columns that are NULL where its columns are."""
    columns = set(side.columns)
    for definition in definitions:
        value = definition.expression
        if isinstance(value, ir.Computed) and value.needs and is_some_needed(value.needs, columns):
            columns.add(definition.column)
    return replace(side, columns=frozenset(columns))


def _without_rejected(sides: list[OuterSide], predicates: Sequence[ir.Predicate]) -> list[OuterSide]:
    return [side for side in sides if not any(rejects_nulls(predicate, side.columns) for predicate in predicates)]


def _without_needed(sides: list[OuterSide], needs: Needs) -> list[OuterSide]:
    return [side for side in sides if not is_some_needed(needs, side.columns)]


def _ids(relation: Relation) -> Ids:
    return frozenset(field.id for field in relation.fields)
