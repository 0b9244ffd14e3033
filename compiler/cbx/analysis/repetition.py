"""Finds what repeats the rows of a table in a join: a declared relationship, kept versions, an exploded collection.

Unlike a key, which is refuted only where nothing can undo the repetition, an aggregate is reported where the query
has no condition on the side that repeats: such a condition may select one row of several.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cbx.analysis.facts import CurrentKey, Table, TableRelationship
from cbx.analysis.homes import THESE_ROWS, Home, Homes
from cbx.analysis.join_edges import JoinEdge, connected_tables, join_edges, relationships_between
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.places import Place
from cbx.analysis.relation.relations import Relation


@dataclass(frozen=True, slots=True)
class OtherKey:
    """A table that has a key, and is joined by columns that contain none of its keys with the key of another table."""

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

    @property
    def is_declared(self) -> bool:
        """Whether a declaration says that there are several rows, not only that there may be."""
        return not isinstance(self.cause, OtherKey)


def find_repetition(
    rows: Relation,
    groups: Ids,
    key: Ids,
    home: Home,
    homes: Homes,
    relationships: Sequence[TableRelationship],
    values: Ids,
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
        values: The columns that are aggregated.
        conditions: The columns that conditions inside the aggregate read.
    """
    parts = _Parts(tuple(relationships), tested=conditions)
    parts.collect(rows)
    edges = parts.edges()
    if edges is None or not parts.is_certain:
        return None
    wanted, aggregated = parts.origins(groups | key), parts.origins(values)
    if wanted is None or aggregated is None:
        return None
    if home.is_repeated and _is_fixed_by(groups, key, home, rows, homes):
        owner = parts.scan_with(home.scan)
        is_chosen = parts.tested & home.scan - key or any(
            owner in {edge.left, edge.right} and not edge.columns_of(owner) <= key and parts.may_choose(edge, owner)
            for edge in edges
        )
        if owner >= 0 and not is_chosen:
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
            chosen = chosen or parts.may_choose_beyond(many, edge, edges)
            is_beyond = any(part in beyond for part, _ in aggregated)
            if not tells_apart and not chosen and not is_beyond:
                return Repetition(edge.place, parts.parts[many].table.name, cause)
    return _find_exploded(parts, [*wanted, *aggregated])


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
    for columns in parts.collections:
        if not columns & used:
            return Repetition(None, THESE_ROWS, None)
    return None


def _is_plain(computed: ir.Computed) -> bool:
    """Whether a value depends on nothing but the columns that it reads."""
    return computed.is_deterministic and not computed.queries


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
    collections: list[Ids] = field(default_factory=list)
    opaque: set[int] = field(default_factory=set)
    kept: dict[Place, frozenset[int]] = field(default_factory=dict)
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
                    if isinstance(definition.expression, ir.Computed) and not _is_plain(definition.expression):
                        self.opaque.add(definition.column)
            case ir.Window():
                self.collect(relation.input)
                self.opaque.update(window.column for window in relation.columns)
            case ir.Filter():
                self.collect(relation.input)
                self._compare(relation.predicates, relation.place)
            case ir.Explode():
                self.collect(relation.input)
                self.exploded.append(frozenset({relation.position, *relation.columns}))
                self.collections += self.exploded[-1:] if relation.is_collection else []
                for column in (relation.position, *relation.columns):
                    self.definitions[column] = relation.reads
            case ir.Join():
                self._collect_join(relation)
            case _:
                columns = frozenset(column.id for column in relation.fields)
                self.parts.append(_Part(Table(""), columns, {}))

    def _collect_join(self, join: ir.Join) -> None:
        first = len(self.parts)
        self.collect(join.left)
        second = len(self.parts)
        if join.kind in {"semi", "anti"}:
            own = self.definitions.keys() | NONE.union(*(part.columns for part in self.parts))
            self.tested |= NONE.union(*(ir.condition_reads(predicate) for predicate in join.predicates)) & own
            return
        self.collect(join.right)
        left, right = frozenset(range(first, second)), frozenset(range(second, len(self.parts)))
        self.kept[join.place] = {"left": left, "right": right, "full": left | right}.get(join.kind, frozenset())
        self.definitions.update({merge.column: frozenset({merge.left, merge.right}) for merge in join.merged})
        self._compare(join.predicates, join.place)

    def _compare(self, predicates: Iterable[ir.Predicate], place: Place) -> None:
        for predicate in predicates:
            match predicate:
                case ir.Equal(ir.Reference(left), ir.Reference(right), is_null_safe=False):
                    self.equalities.append((left, right, place))
                case ir.IsNull() | ir.Never() | ir.Equal(is_null_safe=True) | ir.Condition(is_deterministic=False):
                    self.is_certain = False
                case _:
                    self.tested |= ir.condition_reads(predicate)

    def edges(self) -> list[JoinEdge] | None:
        """The pairs of parts that are compared; None if they form no forest. Other comparisons test their columns."""
        owner = self._owner()
        between = []
        self.tested = self._made_of(self.tested)
        self.is_certain = self.is_certain and not self.opaque & self.tested
        for first, second, place in self.equalities:
            if first in owner and second in owner and owner[first] != owner[second]:
                between.append((first, second, place))
            else:
                self.tested |= self._made_of(frozenset({first, second}))
        return join_edges(between, owner, len(self.parts))

    def _made_of(self, columns: Ids) -> Ids:
        """The columns of parts that columns are computed from, and those that cannot be traced to them."""
        found: set[int] = set()
        pending = list(columns)
        while pending:
            column = pending.pop()
            if column in self.definitions and column not in self.opaque:
                pending.extend(self.definitions[column])
                if column in self.exploded_columns():
                    found.add(column)
            else:
                found.add(column)
        return frozenset(found)

    def scan_with(self, columns: Ids) -> int:
        """The part that is a table with columns; -1 if there is none."""
        found = (at for at, part in enumerate(self.parts) if part.names and columns and columns <= part.columns)
        return next(found, -1)

    def may_choose(self, edge: JoinEdge, near: int) -> bool:
        """Whether the join with the other part may leave out rows of this one: no relationship is declared."""
        if near in self.kept.get(edge.place, frozenset()):
            return False
        return not self._relating(edge, near) and not self._relating(edge, edge.other(near))

    def may_choose_beyond(self, many: int, edge: JoinEdge, edges: list[JoinEdge]) -> bool:
        """Whether a join of what is beyond an edge may leave out rows of the part that repeats."""
        others = [other for other in edges if other is not edge]
        reached, pending = {many}, [many]
        while pending:
            near = pending.pop()
            for other in others:
                far = other.other(near) if near in {other.left, other.right} else near
                if far in reached:
                    continue
                if self.may_choose(other, near):
                    return True
                reached.add(far)
                pending.append(far)
        return False

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
        for relationship in self._relating(edge, many):
            if relationship.cardinality == "one_to_many":
                return relationship
        table, compared = self.parts[many].table, self._compared_names(edge, many)
        mine, theirs = {mine for mine, _ in compared}, {theirs for _, theirs in compared}
        for current in table.current_keys:
            if {name.lower() for name in current.columns} == mine:
                return current
        keys = [{name.lower() for name in key} for key in table.keys]
        is_by_their_key = any(theirs.issuperset(map(str.lower, key)) for key in self.parts[other].table.keys)
        has_other_key = bool(keys) and not any(key <= mine for key in keys)
        if has_other_key and is_by_their_key:
            return OtherKey(table.keys[0], tuple(sorted(mine)))
        return None

    def _relating(self, edge: JoinEdge, many: int) -> list[TableRelationship]:
        child, other = self.parts[many].table, self.parts[edge.other(many)].table
        return relationships_between(child, other, self._compared_names(edge, many), self.relationships)

    def _compared_names(self, edge: JoinEdge, many: int) -> list[tuple[str, str]]:
        return edge.compared_names(many, self.parts[edge.left].names | self.parts[edge.right].names)

    def _owner(self) -> dict[int, int]:
        return {column: index for index, part in enumerate(self.parts) for column in part.columns}
