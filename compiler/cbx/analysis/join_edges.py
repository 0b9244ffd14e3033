"""The comparisons of a join as edges between its tables, and the declared relationships along an edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cbx.analysis.facts import Table, TableRelationship
from cbx.analysis.relation.columns import Ids
from cbx.analysis.relation.places import Place


@dataclass(frozen=True, slots=True)
class JoinEdge:
    """Two tables of a join, by their numbers, compared by pairs of columns of the left and the right one."""

    left: int
    right: int
    pairs: tuple[tuple[int, int], ...]
    place: Place

    def columns_of(self, table: int) -> Ids:
        """The compared columns of one of the two tables."""
        return frozenset(pair[0] if table == self.left else pair[1] for pair in self.pairs)

    def other(self, table: int) -> int:
        """The other one of the two tables."""
        return self.right if table == self.left else self.left

    def compared_names(self, table: int, names: Mapping[int, str]) -> list[tuple[str, str]]:
        """The names of the compared columns, in lower case: of one table, and of the other one."""
        pairs = (pair if table == self.left else pair[::-1] for pair in self.pairs)
        return sorted((names.get(mine, ""), names.get(theirs, "")) for mine, theirs in pairs)


def join_edges(
    equalities: Iterable[tuple[int, int, Place]], table_of: Mapping[int, int], table_count: int
) -> list[JoinEdge] | None:
    """The edges that equalities of columns make.

    Args:
        equalities: Pairs of columns of different tables that are compared, and where.
        table_of: The number of the table of each column.
        table_count: How many tables there are.

    Returns:
        One edge for two tables; None if the edges form no forest.
    """
    pairs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    places: dict[tuple[int, int], Place] = {}
    for first, second, place in equalities:
        left, right = (first, second) if table_of[first] < table_of[second] else (second, first)
        pairs.setdefault((table_of[left], table_of[right]), []).append((left, right))
        places[table_of[left], table_of[right]] = place
    groups = list(range(table_count))
    for left, right in pairs:
        if groups[left] == groups[right]:
            return None
        groups = [groups[left] if group == groups[right] else group for group in groups]
    return [JoinEdge(*tables, tuple(compared), places[tables]) for tables, compared in pairs.items()]


def connected_tables(start: int, edges: Sequence[JoinEdge]) -> set[int]:
    """The tables that edges connect with a table, itself included."""
    reached = {start}
    pending = [start]
    while pending:
        table = pending.pop()
        for edge in edges:
            if table in {edge.left, edge.right} and edge.other(table) not in reached:
                reached.add(edge.other(table))
                pending.append(edge.other(table))
    return reached


def relationships_between(
    child: Table, other: Table, compared: list[tuple[str, str]], relationships: Iterable[TableRelationship]
) -> list[TableRelationship]:
    """The relationships of a table with another one, or with a parent that both refer to, by the compared columns.

    Args:
        child: The table that is the child.
        other: The other one.
        compared: The names of the compared columns, as `JoinEdge.compared_names` gives them for the child.
        relationships: All declared relationships.
    """
    relationships = tuple(relationships)
    related = []
    for relationship in relationships:
        if relationship.child != child.name:
            continue
        if relationship.parent == other.name and _lower_names(relationship.on) == compared:
            related.append(relationship)
        parents = dict(_lower_names(relationship.on))
        for sibling in relationships:
            theirs = {theirs: mine for mine, theirs in _lower_names(sibling.on)}
            is_sibling = sibling.child == other.name and sibling.parent == relationship.parent
            if is_sibling and set(theirs) == set(parents.values()):
                siblings = sorted((mine, theirs[key]) for mine, key in parents.items())
                related += [relationship] if siblings == compared else []
    return related


def _lower_names(on: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return sorted((mine.lower(), theirs.lower()) for mine, theirs in on)
