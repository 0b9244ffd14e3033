"""Finds joins that no row of an earlier outer join without a match fulfils."""

from __future__ import annotations

from cbx.analysis.facts import TableRelationship
from cbx.analysis.hazards.matches import always_matches
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.conditions import rejects_nulls
from cbx.analysis.relation.hazards import Hazard
from cbx.analysis.relation.outer_sides import OuterSide, outer_sides
from cbx.analysis.relation.relation_walks import nodes_of
from cbx.analysis.relation.relations import Relation


def rejecting_joins(relation: Relation, relationships: tuple[TableRelationship, ...]) -> list[Hazard]:
    """The inner joins that compare a column of a side that may have no match, so that rows without one are dropped.

    Example:
        ``a LEFT JOIN b ON b.id = a.b_id JOIN c ON c.id = b.c_id``.
    """
    return [
        Hazard("join_on_outer_join", node.place, (side.join.kind,), side.join.place)
        for node in nodes_of(relation)
        if isinstance(node, ir.Join) and node.kind in {"inner", "semi"}
        for side in _rejected_by(node)
        if not always_matches(side.join, side.side, relationships)
    ]


def _rejected_by(join: ir.Join) -> list[OuterSide]:
    sides = outer_sides(join.left) if join.kind == "semi" else [*outer_sides(join.left), *outer_sides(join.right)]
    return [side for side in sides if any(rejects_nulls(predicate, side.columns) for predicate in join.predicates)]
