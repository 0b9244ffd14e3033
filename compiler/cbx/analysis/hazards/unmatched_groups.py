"""Finds groups by columns that are NULL in all rows of an outer join without a match."""

from __future__ import annotations

from cbx.analysis.facts import TableRelationship
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.hazards.matches import always_matches
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.hazards import Hazard
from cbx.analysis.relation.outer_sides import outer_sides
from cbx.analysis.relation.relation_walks import columns_read, nodes_of
from cbx.analysis.relation.relations import Relation


def unmatched_groups(relation: Relation, relationships: tuple[TableRelationship, ...]) -> list[Hazard]:
    """The groupings by nothing but columns of a side that may have no match: all rows without one are one group.

    One whose groups the query uses further, in a condition or an expression, is not reported: there it may say what
    becomes of the group.
    """
    return [
        Hazard("group_of_unmatched_rows", node.place, (side.join.kind,), side.join.place)
        for node in nodes_of(relation)
        if isinstance(node, ir.Aggregate) and node.groups and node.sets is None
        for side in outer_sides(node.input)
        if _groups_by(node, side.columns)
        and not always_matches(side.join, side.side, relationships)
        and not _are_used(node, relation)
    ]


def _groups_by(node: ir.Aggregate, columns: Ids) -> bool:
    sources = frozenset(group.source for group in node.groups)
    return sources <= columns and not sources & infer_grain(node.input).not_null


def _are_used(node: ir.Aggregate, relation: Relation) -> bool:
    below = {id(inner) for inner in nodes_of(node)}
    above = [other for other in nodes_of(relation) if id(other) not in below]
    return bool(NONE.union(*map(columns_read, above)) & frozenset(group.column for group in node.groups))
