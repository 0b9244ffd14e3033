"""Finds the homes of values: the rows of which a column is a property, and the keys of those rows."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cbx.analysis.facts import OTHER_COLUMNS, ColumnHome, MeasureKind
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Field, Ids
from cbx.analysis.relation.places import Place
from cbx.analysis.relation.relation_walks import nodes_of
from cbx.analysis.relation.relations import Relation
from cbx.analysis.relation.uniqueness import Grain
from cbx.analysis.single_rows import single_rows
from cbx.analysis.sql.expressions.measured import adds_values

_MOST_CHOICES = 16

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
        scan: The columns of the table or of the node that makes its rows.
        is_own: Whether no two rows with the columns of `scan` are the same row of the home.
        is_alone: Whether the value is a sum of which this is a part, or a choice of which this is one, so that other
            homes of the value cannot identify its rows.
    """

    table: str
    keys: tuple[Ids, ...]
    measure: MeasureKind = ""
    is_repeated: bool | None = False
    place: Place = None
    scan: Ids = NONE
    is_own: bool = False
    is_alone: bool = False


_Known = dict[int, frozenset[Home]]


TableHomes = Mapping[str, Mapping[str, ColumnHome]]
"""For each table, by its name, the homes of its columns, by their names in lower case."""


@dataclass(frozen=True, slots=True)
class Homes:
    """The homes of all columns of a query, in each space of numbers."""

    tables: TableHomes
    spaces: dict[int, _Known] = field(default_factory=dict)
    constants: set[int] = field(default_factory=set)
    singles: dict[tuple[int, Ids], frozenset[Ids]] = field(default_factory=dict)

    def of(self, columns: Ids, rows: Relation) -> tuple[Home, ...] | None:
        """The homes of some columns of a relation, each once; None where one of them has none that is known."""
        known = self.spaces.get(id(rows), {})
        if not all(known.get(column) for column in columns):
            return None
        homes = dict.fromkeys(home for column in sorted(columns) for home in _in_order(known[column]))
        return tuple(homes) or None

    def are_once(self, homes: Sequence[Home], rows: Relation, groups: Ids, grain: Grain, not_null: Ids = NONE) -> bool:
        """Whether each row of some homes is at most once in each group of rows.

        Args:
            homes: The homes of a value, from `of`.
            rows: The rows.
            groups: The columns of the groups.
            grain: The grain of the rows.
            not_null: Columns; only rows in which none of them is NULL count, in the grain as well.
        """
        if _are_once(homes, groups, frozenset(), grain):
            return True
        if (id(rows), not_null) not in self.singles:
            self.singles[id(rows), not_null] = single_rows(rows, not_null)
        return _are_once(homes, groups, self.singles[id(rows), not_null], grain)


def _are_once(homes: Sequence[Home], groups: Ids, single: frozenset[Ids], grain: Grain) -> bool:
    """As `Homes.are_once`, with what `single_rows` says of the rows.

    Each part of a sum must occur once. The rows of factors are identified together.
    """
    factors = [home for home in homes if not home.is_alone]
    alone = [[home] for home in homes if home.is_alone]
    return all(
        any(home.is_own and home.scan in single for home in part)
        or any(grain.is_key(groups | key) for key in keys_together(part))
        for part in (*alone, *([factors] if factors else []))
    )


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
            _learn_all((relation.left, relation.right, *relation.queries), known, homes)
            for merge in relation.merged:
                together = _together((merge.left, merge.right), known)
                known[merge.column] = frozenset(replace(home, is_alone=True) for home in together)
        case ir.SetOperation() | ir.Opaque():
            _learn_all(relation.inputs, known, homes)
            if isinstance(relation, ir.SetOperation):
                known.update(_homes_of_set_operation(relation, homes))
        case ir.Copy():
            inner: _Known = {}
            _learn(relation.input, inner, homes)
            homes.constants.update(column + relation.offset for column in homes.constants & inner.keys())
            known.update({column + relation.offset: _shift(found, relation.offset) for column, found in inner.items()})
        case ir.Lateral(input=rows, query=query):
            _learn_all((rows, query), known, homes)
        case ir.Values():
            known.update(_at_home_here(relation.fields, relation.keys))
        case _:
            _learn(relation.input, known, homes)
            _learn_new(relation, known, homes)


def _learn_all(relations: Iterable[Relation], known: _Known, homes: Homes) -> None:
    for relation in relations:
        _learn(relation, known, homes)


def _at_home_here(columns: Iterable[Field], keys: tuple[Ids, ...]) -> _Known:
    made = frozenset(column.id for column in columns)
    return {column: frozenset({Home(THESE_ROWS, keys, scan=made, is_own=True)}) for column in made}


def _homes_of_set_operation(operation: ir.SetOperation, homes: Homes) -> _Known:
    """Rows of a set operation are rows of their own where no row of a table comes out of it twice."""
    here = _at_home_here(operation.fields, infer_grain(operation).keys)
    branches = operation.inputs if operation.kind == "union" else operation.inputs[:1]
    grains = [infer_grain(branch) for branch in branches]
    for at, column in enumerate(operation.fields):
        tables: list[set[str]] = []
        for branch, grain in zip(branches, grains, strict=True):
            of_branch = homes.of(frozenset({branch.fields[at].id}), branch)
            if of_branch is None or not homes.are_once(of_branch, branch, NONE, grain):
                here[column.id] = frozenset()
                break
            if branch.fields[at].id not in homes.constants:
                tables.append({home.table for home in of_branch if home.table} or _tables_below(branch))
        if sum(map(len, tables)) > len(set().union(*tables)):
            here[column.id] = frozenset()
    return here


def _tables_below(relation: Relation) -> set[str]:
    """The names of the tables in a relation; `THESE_ROWS` stands for what is not known."""
    nodes = nodes_of(relation)
    tables = {node.table.name for node in nodes if isinstance(node, ir.Scan)}
    return tables | {THESE_ROWS} if any(isinstance(node, ir.Opaque) for node in nodes) else tables


def _learn_new(
    relation: ir.Projection | ir.Filter | ir.Aggregate | ir.Window | ir.Distinct | ir.Explode | ir.Limit,
    known: _Known,
    homes: Homes,
) -> None:
    match relation:
        case ir.Projection(definitions=definitions):
            _define(definitions, known, homes)
        case ir.Filter(queries=queries):
            _learn_all(queries, known, homes)
        case ir.Aggregate():
            _learn_queries(relation.aggregates, known, homes)
            totals = {measure.column for measure in relation.measures if measure.makes_total}
            made = frozenset(column.id for column in relation.fields)
            for definition in relation.aggregates:
                measure: MeasureKind = "total" if definition.column in totals else ""
                home = Home(THESE_ROWS, _keys_of_groups(relation), measure, scan=made, is_own=True)
                known[definition.column] = frozenset({home}) if _is_grouped_once(relation) else frozenset()
            known.update({group.column: known.get(group.source, frozenset()) for group in relation.groups})
        case ir.Window(columns=columns):
            for column in columns:
                is_whole = column.is_whole_partition
                keys: tuple[Ids, ...] = (column.partition,) if is_whole and column.partition is not None else ()
                home = Home(THESE_ROWS, keys, scan=frozenset({column.column}), is_own=not column.is_whole_partition)
                known[column.column] = frozenset({home})
        case ir.Explode(columns=columns, position=position):
            of_collection = homes.of(relation.reads, relation.input) or ()
            keys = tuple(key | {position} for key in keys_together(of_collection) if of_collection)
            made = frozenset({position, *columns})
            single = single_rows(relation.input)
            is_own = bool(of_collection) and all(home.is_own and home.scan in single for home in of_collection)
            known.update({column: frozenset({Home(THESE_ROWS, keys, scan=made, is_own=is_own)}) for column in made})
        case _:
            pass


def _is_grouped_once(relation: ir.Aggregate) -> bool:
    """Whether each row is in one group: subtotals and totals of several grouping sets hold it again."""
    return relation.sets is None or len(relation.sets) == 1


def _keys_of_groups(relation: ir.Aggregate) -> tuple[Ids, ...]:
    return (frozenset(group.column for group in relation.groups),)


def _in_order(homes: Collection[Home]) -> Iterable[Home]:
    return homes if len(homes) == 1 else sorted(homes, key=repr)


def keys_together(homes: Iterable[Home]) -> list[Ids]:
    """Columns that identify the rows of all homes; none where the rows of one of them cannot be identified."""
    choices = itertools.product(*(home.keys for home in homes))
    return [NONE.union(*chosen) for chosen in itertools.islice(choices, _MOST_CHOICES)]


def _homes_of_scan(scan: ir.Scan, described: Mapping[str, ColumnHome]) -> _Known:
    ids = {column.name.lower(): column.id for column in scan.fields}
    own = tuple(key for key in (_numbers(key, ids) for key in scan.table.keys) if key is not None)
    columns = frozenset(ids.values())
    homes: _Known = {}
    for name, number in ids.items():
        column_home = described.get(name) or described.get(OTHER_COLUMNS, _AT_HOME)
        key = _numbers(column_home.key, ids) if column_home.key else None
        is_own = column_home.is_repeated is False
        keys = (key,) if key else own if is_own else ()
        table = column_home.table or (scan.table.name if is_own else THESE_ROWS)
        home = Home(table, keys, column_home.measure, column_home.is_repeated, scan.place, columns, is_own)
        homes[number] = frozenset({home} if is_own or key or column_home.is_repeated else ())
    return homes


_AT_HOME = ColumnHome()


def _numbers(names: Iterable[str], ids: dict[str, int]) -> Ids | None:
    lowered = [name.lower() for name in names]
    return frozenset(ids[name] for name in lowered) if all(name in ids for name in lowered) else None


def _define(definitions: Iterable[ir.Definition], known: _Known, homes: Homes) -> None:
    _learn_queries(definitions, known, homes)
    for definition in definitions:
        match definition.expression:
            case ir.Computed(queries=queries) if queries:
                continue
            case expression if not ir.reads_of(expression):
                home = Home(THESE_ROWS, (), scan=frozenset({definition.column}), is_own=True)
                known[definition.column] = frozenset({home})
                homes.constants.add(definition.column)
            case expression:
                together = _together(sorted(ir.reads_of(expression)), known)
                if len(together) > 1 and isinstance(expression, ir.Computed) and adds_values(expression.signature):
                    together = frozenset(replace(home, is_alone=True) for home in together)
                known[definition.column] = together
                homes.constants.update({definition.column} if ir.reads_of(expression) <= homes.constants else NONE)


def _learn_queries(definitions: Iterable[ir.Definition], known: _Known, homes: Homes) -> None:
    for definition in definitions:
        if isinstance(definition.expression, ir.Computed):
            _learn_all(definition.expression.queries, known, homes)


def _together(columns: Iterable[int], known: _Known) -> frozenset[Home]:
    """The homes of a value that is computed from columns; none where that of one of them is not known."""
    found = [known.get(column, frozenset()) for column in columns]
    return frozenset[Home]().union(*found) if all(found) else frozenset()


def _shift(homes: frozenset[Home], offset: int) -> frozenset[Home]:
    return frozenset(
        replace(
            home,
            keys=tuple(frozenset(column + offset for column in key) for key in home.keys),
            scan=frozenset(column + offset for column in home.scan),
        )
        for home in homes
    )
