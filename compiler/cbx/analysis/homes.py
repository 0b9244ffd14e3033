"""Finds the homes of values: the rows of which a column is a property, and the keys of those rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cbx.analysis.facts import ColumnHome, MeasureKind
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import NONE, Ids, Place, Relation

THESE_ROWS = ""
"""The table of a home whose rows a query itself makes."""


@dataclass(frozen=True, slots=True)
class Home:
    """Rows of which a value is a property.

    Attributes:
        table: Their table; `THESE_ROWS` where they are made by the query.
        keys: Column sets that identify them, in the numbers of the query; none where no key is known.
        measure: What the column is declared to be: ``total``, ``rate``, or nothing.
        is_repeated: Whether the table that the query reads it from repeats them; None where that is not known.
        place: Where the query reads that table.
        scan: The columns of that table, if it is read from one.
    """

    table: str
    keys: tuple[Ids, ...]
    measure: MeasureKind = ""
    is_repeated: bool | None = False
    place: Place = None
    scan: Ids = NONE


_Known = dict[int, frozenset[Home]]


TableHomes = Mapping[str, Mapping[str, ColumnHome]]
"""For each table, by its name, the homes of its columns, by their names in lower case."""


@dataclass(frozen=True, slots=True)
class Homes:
    """The homes of all columns of a query, in each space of numbers."""

    tables: TableHomes
    spaces: dict[int, _Known] = field(default_factory=dict)

    def of(self, columns: Ids, rows: Relation) -> tuple[Home, ...] | None:
        """The homes of some columns of a relation, each once; None where one of them has none that is known."""
        known = self.spaces.get(id(rows), {})
        if not all(known.get(column) for column in columns):
            return None
        homes = dict.fromkeys(home for column in sorted(columns) for home in sorted(known[column], key=repr))
        return tuple(homes) or None


def find_homes(relation: Relation, tables: TableHomes) -> Homes:
    """The homes of the columns of a query and of all relations in it.

    Args:
        relation: The query.
        tables: The homes of the columns of tables, where these are not the tables themselves.
    """
    homes = Homes(tables)
    _learn(relation, {}, homes)
    return homes


def _learn(relation: Relation, known: _Known, homes: Homes) -> None:
    homes.spaces[id(relation)] = known
    match relation:
        case ir.Scan():
            known.update(_homes_of_scan(relation, homes.tables.get(relation.table.name, {})))
        case ir.Join():
            _learn(relation.left, known, homes)
            _learn(relation.right, known, homes)
            for merge in relation.merged:
                known[merge.column] = _together((merge.left, merge.right), known)
        case ir.SetOperation() | ir.Opaque():
            for branch in relation.inputs:
                _learn(branch, known, homes)
            if isinstance(relation, ir.SetOperation):
                known.update(_at_home_here(relation.fields, infer_grain(relation).keys))
        case ir.Copy():
            inner: _Known = {}
            _learn(relation.input, inner, homes)
            known.update({column + relation.offset: _shift(found, relation.offset) for column, found in inner.items()})
        case ir.Lateral(input=rows, query=query):
            _learn(rows, known, homes)
            _learn(query, known, homes)
        case ir.Values():
            known.update(_at_home_here(relation.fields, relation.keys))
        case _:
            _learn(relation.input, known, homes)
            _learn_new(relation, known, homes)


def _at_home_here(columns: Iterable[ir.Field], keys: tuple[Ids, ...]) -> _Known:
    return {column.id: frozenset({Home(THESE_ROWS, keys)}) for column in columns}


def _learn_new(
    relation: ir.Projection | ir.Filter | ir.Aggregate | ir.Window | ir.Distinct | ir.Explode | ir.Limit,
    known: _Known,
    homes: Homes,
) -> None:
    match relation:
        case ir.Projection(definitions=definitions):
            _define(definitions, known, homes)
        case ir.Aggregate():
            _learn_queries(relation.aggregates, known, homes)
            totals = {measure.column for measure in relation.measures if measure.makes_total}
            keys = _keys_of_groups(relation)
            for definition in relation.aggregates:
                measure: MeasureKind = "total" if definition.column in totals else ""
                known[definition.column] = frozenset({Home(THESE_ROWS, keys, measure)})
            known.update({group.column: known.get(group.source, frozenset()) for group in relation.groups})
        case ir.Window(columns=columns):
            for column in columns:
                is_known = column.is_whole_partition and column.partition is not None
                keys = (column.partition,) if is_known and column.partition is not None else ()
                known[column.column] = frozenset({Home(THESE_ROWS, keys)})
        case ir.Explode(columns=columns, position=position):
            keys = tuple(key | {position} for key in infer_grain(relation.input).keys)
            known.update({column: frozenset({Home(THESE_ROWS, keys)}) for column in (*columns, position)})
        case _:
            pass


def _keys_of_groups(relation: ir.Aggregate) -> tuple[Ids, ...]:
    if relation.sets is not None:
        return infer_grain(relation).keys
    return (frozenset(group.column for group in relation.groups),)


def _homes_of_scan(scan: ir.Scan, described: Mapping[str, ColumnHome]) -> _Known:
    ids = {column.name.lower(): column.id for column in scan.fields}
    own = tuple(key for key in (_numbers(key, ids) for key in scan.table.keys) if key is not None)
    columns = frozenset(ids.values())
    homes: _Known = {}
    for name, number in ids.items():
        column_home = described.get(name, _AT_HOME)
        key = _numbers(column_home.key, ids) if column_home.key else None
        keys = (
            own
            if not column_home.table or (key is None and column_home.is_repeated is False)
            else (key,)
            if key
            else ()
        )
        home = Home(
            column_home.table or scan.table.name,
            keys,
            column_home.measure,
            column_home.is_repeated,
            scan.place,
            columns,
        )
        homes[number] = frozenset({home})
    return homes


_AT_HOME = ColumnHome()


def _numbers(names: Iterable[str], ids: dict[str, int]) -> Ids | None:
    lowered = [name.lower() for name in names]
    return frozenset(ids[name] for name in lowered) if all(name in ids for name in lowered) else None


def _define(definitions: Iterable[ir.Definition], known: _Known, homes: Homes) -> None:
    _learn_queries(definitions, known, homes)
    for definition in definitions:
        if isinstance(definition.expression, ir.Computed) and definition.expression.queries:
            continue
        known[definition.column] = _together(sorted(ir.reads_of(definition.expression)), known)


def _learn_queries(definitions: Iterable[ir.Definition], known: _Known, homes: Homes) -> None:
    for definition in definitions:
        if isinstance(definition.expression, ir.Computed):
            for query in definition.expression.queries:
                _learn(query, known, homes)


def _together(columns: Iterable[int], known: _Known) -> frozenset[Home]:
    """The homes of a value that is computed from columns; none where that of one of them is not known."""
    found = [known.get(column, frozenset()) for column in columns]
    return frozenset[Home]().union(*found) if all(found) else frozenset()


def _shift(homes: frozenset[Home], offset: int) -> frozenset[Home]:
    return frozenset(
        Home(
            home.table,
            tuple(frozenset(column + offset for column in key) for key in home.keys),
            home.measure,
            home.is_repeated,
            home.place,
            frozenset(column + offset for column in home.scan),
        )
        for home in homes
    )
