"""Finds the join that multiplies rows (a fan-out), from the declared relationships and keys.

Only what nothing else can undo counts. The query must be a plain join of tables, along equalities, in which no
condition leaves rows out by their values; then one side of a join that a relationship calls "many" gives several
rows for one row of the other side, and columns of that other side alone cannot distinguish them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cbx.analysis.facts import CurrentKey, TableRelationship
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.join_edges import JoinEdge, connected_tables, join_edges, relationships_between
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.places import Place
from cbx.analysis.relation.relations import Relation


@dataclass(frozen=True, slots=True)
class FanOut:
    """A fan-out: ``table`` has several rows for one row, because of ``cause``."""

    place: Place
    cause: TableRelationship | CurrentKey
    table: str


def find_fan_out(relation: Relation, columns: Ids, relationships: tuple[TableRelationship, ...]) -> FanOut | None:
    """The place where rows multiply that agree on columns; None if that is not certain.

    Args:
        relation: A query.
        columns: Columns of its result.
        relationships: All declared relationships.

    Example:
        For ``SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id`` and ``id`` it is the join, if
        one row of ``customers`` is declared to have many of ``orders``.
    """
    joined = _JoinGraph(relationships)
    groups, rows = _unwrap_grouping(relation, joined)
    if not joined.collect(rows):
        return None
    edges = joined.edges()
    wanted = joined.origins(columns)
    if edges is None or wanted is None or not all(joined.is_declared(edge) for edge in edges):
        return None
    for at, edge in enumerate(edges):
        for many in (edge.left, edge.right):
            cause = joined.multiplying_cause(edge, many)
            beyond = connected_tables(many, edges[:at] + edges[at + 1 :])
            compared = edge.columns_of(many)
            is_same = all(scan not in beyond or (scan == many and column in compared) for scan, column in wanted)
            if cause and is_same and _keeps_rows_apart(joined.scans[many], groups, rows):
                return FanOut(edge.place, cause, joined.scans[many].table.name)
    return None if edges else _find_repeated_versions(joined, wanted, groups, rows)


def _unwrap_grouping(relation: Relation, joined: _JoinGraph) -> tuple[Ids | None, Relation]:
    """The columns that the last grouping groups by and its input; no columns where nothing is grouped."""
    definitions: list[ir.Definition] = []
    at = relation
    while isinstance(at, ir.Projection):
        definitions += at.definitions
        at = at.input
    if isinstance(at, ir.Aggregate) and at.sets is None:
        groups = frozenset(group.source for group in at.groups)
    elif isinstance(at, ir.Distinct) and not at.is_open:
        groups = frozenset(field.id for field in at.fields)
    else:
        return None, relation
    joined.definitions.update({definition.column: definition.expression for definition in definitions})
    return groups, at.input


def _keeps_rows_apart(scan: ir.Scan, groups: Ids | None, rows: Relation) -> bool:
    """Whether grouping, if any, leaves a table's rows apart: it groups by what fixes a key of the table."""
    if groups is None:
        return True
    ids = {field.name.lower(): field.id for field in scan.fields}
    fixed = infer_grain(rows).closure(groups)
    keys = [[ids.get(name.lower(), -1) for name in key] for key in scan.table.keys]
    return any(fixed.issuperset(key) for key in keys)


@dataclass
class _JoinGraph:
    """The tables of a plain join, and what is compared."""

    relationships: tuple[TableRelationship, ...]
    scans: tuple[ir.Scan, ...] = ()
    equalities: tuple[tuple[int, int, Place], ...] = ()
    tested: Ids = NONE
    definitions: dict[int, ir.Expression] = dataclasses.field(default_factory=dict)

    def collect(self, relation: Relation) -> bool:
        """Gather the tables and comparisons of a plain join; false if it is anything more."""
        match relation:
            case ir.Scan():
                self.scans += (relation,)
                return True
            case ir.Projection():
                self.definitions.update(
                    {definition.column: definition.expression for definition in relation.definitions}
                )
                return self.collect(relation.input)
            case ir.Window():
                return self.collect(relation.input)
            case ir.Filter():
                return self.collect(relation.input) and self._add_comparisons(relation.predicates, relation.place)
            case ir.Join(kind="left"):
                return self.collect(relation.left) and self._collect_optional(relation.right, relation)
            case ir.Join(kind="right"):
                return self.collect(relation.right) and self._collect_optional(relation.left, relation)
            case ir.Join(kind="inner" | "full"):
                for merge in relation.merged:
                    self.definitions[merge.column] = ir.Computed("", frozenset({merge.left, merge.right}))
                both = self.collect(relation.left) and self.collect(relation.right)
                return both and self._add_comparisons(relation.predicates, relation.place)
            case _:
                return False

    def _collect_optional(self, relation: Relation, join: ir.Join) -> bool:
        """Gather the optional side of an outer join if it is plain; else it cannot affect the other side's rows."""
        before = (self.scans, self.equalities, self.tested, dict(self.definitions))
        if self.collect(relation) and self._add_comparisons(join.predicates, join.place):
            edges = self.edges()
            if edges is not None and all(self.is_declared(edge) for edge in edges):
                return True
        self.scans, self.equalities, self.tested, self.definitions = before
        return True

    def _add_comparisons(self, predicates: Iterable[ir.Predicate], place: Place) -> bool:
        for predicate in predicates:
            match predicate:
                case ir.Equal(ir.Reference(first), ir.Reference(second)):
                    self.equalities += ((first, second, place),)
                case ir.NotNull(column):
                    self.tested |= {column}
                case _:
                    return False
        return True

    def edges(self) -> list[JoinEdge] | None:
        """The pairs of tables that are compared; None if they form no forest, or their rows have other conditions."""
        owner = self._scan_by_column()
        for first, second, _ in self.equalities:
            if first not in owner or second not in owner or owner[first] == owner[second]:
                return None
        if not self.tested <= {column for first, second, _ in self.equalities for column in (first, second)}:
            return None
        return join_edges(self.equalities, owner, len(self.scans))

    def origins(self, columns: Ids) -> list[tuple[int, int]] | None:
        """The tables and columns that columns of the result are computed from; None where that is not known."""
        owner = self._scan_by_column()
        origins: list[tuple[int, int]] = []
        pending = sorted(columns)
        while pending:
            column = pending.pop()
            expression = self.definitions.get(column)
            if column in owner:
                origins.append((owner[column], column))
            elif expression is None or (isinstance(expression, ir.Computed) and not expression.is_deterministic):
                return None
            else:
                pending.extend(sorted(ir.reads_of(expression)))
        return origins

    def is_declared(self, edge: JoinEdge) -> bool:
        """Whether a declared relationship joins the two tables on these columns."""
        return any(
            self._relationships_between(edge, many) or self.multiplying_cause(edge, many)
            for many in (edge.left, edge.right)
        )

    def multiplying_cause(self, edge: JoinEdge, many: int) -> TableRelationship | CurrentKey | None:
        """The relationship or key by which a row of the other table finds several of this one; None without one."""
        for relationship in self._relationships_between(edge, many):
            if relationship.cardinality == "one_to_many":
                return relationship
        mine = sorted(mine for mine, _ in self._compared_names(edge, many))
        for current in self.scans[many].table.current_keys:
            if sorted(name.lower() for name in current.columns) == mine:
                return current
        return None

    def _relationships_between(self, edge: JoinEdge, many: int) -> list[TableRelationship]:
        child, other = self.scans[many].table, self.scans[edge.other(many)].table
        return relationships_between(child, other, self._compared_names(edge, many), self.relationships)

    def _compared_names(self, edge: JoinEdge, many: int) -> list[tuple[str, str]]:
        names = {field.id: field.name.lower() for scan in self.scans for field in scan.fields}
        return edge.compared_names(many, names)

    def _scan_by_column(self) -> Mapping[int, int]:
        return {field.id: at for at, scan in enumerate(self.scans) for field in scan.fields}


def _find_repeated_versions(
    joined: _JoinGraph, wanted: list[tuple[int, int]], groups: Ids | None, rows: Relation
) -> FanOut | None:
    """A table read with all versions of its rows, where the columns are unique among the current ones only."""
    for at, scan in enumerate(joined.scans):
        names = {field.id: field.name.lower() for field in scan.fields}
        for current in scan.table.current_keys:
            key = {name.lower() for name in current.columns}
            is_same = all(owner == at and names[column] in key for owner, column in wanted)
            if is_same and _keeps_rows_apart(scan, groups, rows):
                return FanOut(scan.place, current, scan.table.name)
    return None
