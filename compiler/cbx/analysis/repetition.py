"""Finds what repeats the rows of a table in a join: a declared relationship, kept versions, an exploded collection.

Unlike a key, which is refuted only where nothing can undo the repetition, an aggregate is reported where the query
chooses nothing from the side that repeats: a condition on that side may leave one row of several.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cbx.analysis.facts import CurrentKey, Table, TableRelationship
from cbx.analysis.homes import THESE_ROWS, Home, Homes
from cbx.analysis.join_edges import JoinEdge, connected_tables, join_edges, relationships_between
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import NONE, Ids, Place, Relation


@dataclass(frozen=True, slots=True)
class OtherKey:
    """A table that is joined by other columns than those of its key, with a table whose key is compared."""

    key: tuple[str, ...]
    compared: tuple[str, ...]


RepetitionCause = TableRelationship | CurrentKey | OtherKey


@dataclass(frozen=True, slots=True)
class Repetition:
    """Why rows repeat.

    Attributes:
        place: Where in the query.
        table: The table whose rows there are several of; empty for the elements of a collection.
        cause: The declaration or the key; None where an upstream model repeats them, or a collection is exploded.
    """

    place: Place
    table: str
    cause: RepetitionCause | None


def find_repetition(
    rows: Relation,
    groups: Ids,
    key: Ids,
    home: Home,
    homes: Homes,
    relationships: Sequence[TableRelationship],
    conditions: Ids = NONE,
) -> Repetition | None:
    """What repeats the rows of a home within a group; None if that is not certain.

    Args:
        rows: The rows that are aggregated.
        groups: The columns that they are grouped by.
        key: Columns that identify the rows of the home.
        home: The home.
        homes: The homes of all columns.
        relationships: All declared relationships.
        conditions: The columns that conditions inside the aggregate read.
    """
    parts = _Parts(tuple(relationships), tested=conditions)
    parts.collect(rows)
    edges = parts.edges()
    if edges is None or not parts.is_certain:
        return None
    wanted = parts.origins(groups | key)
    if wanted is None:
        return None
    if home.is_repeated and home.scan and _is_fixed_by(groups, key, home, rows, homes):
        owner = next((part for part in parts.parts if home.scan <= part.columns), None)
        if owner is not None and not parts.tested & home.scan - key:
            return Repetition(home.place, home.table, None)
    for index, edge in enumerate(edges):
        for many in (edge.left, edge.right):
            cause = parts.multiplies(edge, many)
            if cause is None:
                continue
            beyond = connected_tables(many, [*edges[:index], *edges[index + 1 :]])
            compared = edge.columns_of(many)
            tells_apart = any(part in beyond and (part != many or column not in compared) for part, column in wanted)
            chosen = any(parts.parts[part].columns & parts.tested - compared for part in beyond)
            if not tells_apart and not chosen and not _is_beyond(home, parts, beyond):
                return Repetition(edge.place, parts.parts[many].table.name, cause)
    return _find_exploded(parts, wanted)


def _is_beyond(home: Home, parts: _Parts, beyond: set[int]) -> bool:
    """Whether the home is itself on the side that repeats."""
    return any(home.scan and home.scan <= parts.parts[part].columns for part in beyond)


def _is_fixed_by(groups: Ids, key: Ids, home: Home, rows: Relation, homes: Homes) -> bool:
    """Whether the groups do not separate the repeated rows of a home: they are properties of the home as well."""
    own = {(home.table, home.keys)}
    for column in groups - key:
        found = homes.of(frozenset({column}), rows)
        if found is None or {(other.table, other.keys) for other in found} != own:
            return False
    return True


def _find_exploded(parts: _Parts, wanted: Iterable[tuple[int, int]]) -> Repetition | None:
    """An exploded collection whose elements are not used."""
    used = {column for _, column in wanted} | parts.tested
    for columns in parts.exploded:
        if not columns & used:
            return Repetition(None, THESE_ROWS, None)
    return None


@dataclass(frozen=True, slots=True)
class _Part:
    """A table of a join, or another relation that is joined as a whole."""

    table: Table
    columns: Ids
    names: dict[int, str]


@dataclass
class _Parts:
    """The parts of a join, what is compared, and which columns other conditions test."""

    relationships: tuple[TableRelationship, ...]
    parts: list[_Part] = field(default_factory=list)
    equalities: list[tuple[int, int, Place]] = field(default_factory=list)
    tested: Ids = NONE
    definitions: dict[int, Ids] = field(default_factory=dict)
    exploded: list[Ids] = field(default_factory=list)
    is_certain: bool = True

    def collect(self, relation: Relation) -> None:
        """Gather the parts of a join; what is no join of tables is a part as a whole."""
        match relation:
            case ir.Scan():
                names = {column.id: column.name.lower() for column in relation.fields}
                self.parts.append(_Part(relation.table, frozenset(names), names))
            case ir.Projection():
                self.collect(relation.input)
                for definition in relation.definitions:
                    self.definitions[definition.column] = ir.reads_of(definition.expression)
            case ir.Window():
                self.collect(relation.input)
                self.definitions.update({window.column: window.reads | window.order for window in relation.columns})
            case ir.Filter():
                self.collect(relation.input)
                self._compare(relation.predicates, relation.place)
            case ir.Explode():
                self.collect(relation.input)
                self.exploded.append(frozenset({relation.position, *relation.columns}))
                for column in (relation.position, *relation.columns):
                    self.definitions[column] = relation.reads
            case ir.Join():
                self._collect_join(relation)
            case _:
                columns = frozenset(column.id for column in relation.fields)
                self.parts.append(_Part(Table(""), columns, {}))

    def _collect_join(self, join: ir.Join) -> None:
        self.collect(join.left)
        if join.kind in {"semi", "anti"}:
            own = self.definitions.keys() | NONE.union(*(part.columns for part in self.parts))
            self.tested |= NONE.union(*(ir.condition_reads(predicate) for predicate in join.predicates)) & own
            return
        self.collect(join.right)
        self.definitions.update({merge.column: frozenset({merge.left, merge.right}) for merge in join.merged})
        self._compare(join.predicates, join.place)

    def _compare(self, predicates: Iterable[ir.Predicate], place: Place) -> None:
        for predicate in predicates:
            match predicate:
                case ir.Equal(ir.Reference(left), ir.Reference(right), is_null_safe=False):
                    self.equalities.append((left, right, place))
                case ir.NotNull():
                    pass
                case ir.IsNull() | ir.Never() | ir.Equal(is_null_safe=True):
                    self.is_certain = False
                case _:
                    self.tested |= ir.condition_reads(predicate)

    def edges(self) -> list[JoinEdge] | None:
        """The pairs of parts that are compared; None if they form no forest. Other comparisons test their columns."""
        owner = self._owner()
        between = []
        self.tested = self._made_of(self.tested)
        for first, second, place in self.equalities:
            if first in owner and second in owner and owner[first] != owner[second]:
                between.append((first, second, place))
            else:
                self.tested |= self._made_of(frozenset({first, second}))
        return join_edges(between, owner, len(self.parts))

    def _made_of(self, columns: Ids) -> Ids:
        """The columns of parts that columns are computed from."""
        found: set[int] = set()
        pending = list(columns)
        while pending:
            column = pending.pop()
            if column in self.definitions:
                pending.extend(self.definitions[column])
                if column in self.exploded_columns():
                    found.add(column)
            else:
                found.add(column)
        return frozenset(found)

    def exploded_columns(self) -> Ids:
        """The columns that hold elements of collections, and their positions."""
        return NONE.union(*self.exploded)

    def origins(self, columns: Ids) -> list[tuple[int, int]] | None:
        """The parts and columns that columns are computed from; None where that is not known."""
        owner = self._owner()
        elements = self.exploded_columns()
        found = []
        for column in sorted(self._made_of(columns)):
            if column in owner:
                found.append((owner[column], column))
            elif column in elements:
                found.append((-1, column))
            else:
                return None
        return found

    def multiplies(self, edge: JoinEdge, many: int) -> RepetitionCause | None:
        """Why a row of the other part matches several of this one; None if that is not certain."""
        if not edge.columns_of(many) <= self.parts[many].names.keys():
            return None
        other = edge.other(many)
        related = self._relating(edge, many)
        for relationship in related:
            if relationship.cardinality == "one_to_many":
                return relationship
        table, compared = self.parts[many].table, self._compared_names(edge, many)
        mine, theirs = {mine for mine, _ in compared}, {theirs for _, theirs in compared}
        for current in table.current_keys:
            if {name.lower() for name in current.columns} == mine:
                return current
        keys = [{name.lower() for name in key} for key in table.keys]
        is_by_their_key = any(theirs.issuperset(map(str.lower, key)) for key in self.parts[other].table.keys)
        is_related = related or self._relating(edge, other)
        if keys and not is_related and is_by_their_key and not any(key <= mine for key in keys):
            return OtherKey(table.keys[0], tuple(sorted(mine)))
        return None

    def _relating(self, edge: JoinEdge, many: int) -> list[TableRelationship]:
        child, other = self.parts[many].table, self.parts[edge.other(many)].table
        return relationships_between(child, other, self._compared_names(edge, many), self.relationships)

    def _compared_names(self, edge: JoinEdge, many: int) -> list[tuple[str, str]]:
        return edge.compared_names(many, self.parts[edge.left].names | self.parts[edge.right].names)

    def _owner(self) -> dict[int, int]:
        return {column: index for index, part in enumerate(self.parts) for column in part.columns}
