"""Judges aggregates: whether each row of the tables that their values come from is counted at most once.

That is a question about keys. A value has a *home*: the rows of which it is a property, identified by the columns of a
key. An aggregate over groups counts a row of the home once if no two of the aggregated rows agree on the columns that
are grouped by and on that key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from cbx.analysis.facts import TOGETHER, UNKNOWN_HOME, ColumnHome, MeasureKind, TableRelationship
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.homes import THESE_ROWS, Home, Homes, keys_together
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids, Measure
from cbx.analysis.relation.relation_walks import nodes_of
from cbx.analysis.relation.relations import Relation
from cbx.analysis.relation.uniqueness import Grain
from cbx.analysis.repetition import Repetition, find_repetition

MeasureVerdict = Literal["exact", "repeated", "unknown"]


@dataclass(frozen=True, slots=True)
class JudgedMeasure:
    """An aggregate and its verdict.

    Attributes:
        measure: The aggregate.
        verdict: ``exact`` if each row of its homes is in a group at most once, ``repeated`` if by the declarations rows
            are in a group several times, else ``unknown``.
        homes: The homes of its values.
        names: The names of the columns that its values come from.
        repetition: What repeats the rows; for ``repeated`` only.
        rows: The rows that it aggregates; None for windows, grouping sets and pivots.
    """

    measure: Measure
    verdict: MeasureVerdict
    homes: tuple[Home, ...]
    names: tuple[str, ...] = ()
    repetition: Repetition | None = None
    rows: Relation | None = None


def judge_measures(
    relation: Relation, homes: Homes, relationships: Sequence[TableRelationship]
) -> tuple[JudgedMeasure, ...]:
    """The verdicts on all aggregates of a query, those in its subqueries included, each once.

    Args:
        relation: The query.
        homes: The homes of its columns, from `find_homes`.
        relationships: All declared relationships of the tables that it reads.
    """
    judge = _Judge(tuple(relationships), homes)
    nodes = nodes_of(relation)
    chosen = {id(aggregate) for aggregate in map(_chosen_by_count, nodes) if aggregate is not None}
    return tuple(judged for node in nodes for judged in judge.judge(node, is_chosen=id(node) in chosen))


def _chosen_by_count(node: Relation) -> ir.Aggregate | None:
    """The grouping of which a condition chooses groups by a small number of rows: ``HAVING count(*) = 1``."""
    below = node
    while isinstance(below, (ir.Projection, ir.Filter)):
        below = below.input
    if not isinstance(node, ir.Filter) or not isinstance(below, ir.Aggregate):
        return None
    counts = {
        definition.column
        for definition in below.aggregates
        if isinstance(definition.expression, ir.Computed) and definition.expression.not_null
    }
    tested = [
        predicate
        for predicate in node.predicates
        if not (isinstance(predicate, ir.Comparison) and predicate.operator in {">", ">="})
    ]
    return below if any(ir.condition_reads(predicate) & counts for predicate in tested) else None


def result_homes(
    relation: Relation, homes: Homes, relationships: Sequence[TableRelationship], grain: Grain | None = None
) -> dict[str, ColumnHome]:
    """The homes of the columns of a query's result, by names in lower case, without those at home in the result.

    Args:
        relation: The query.
        homes: The homes of its columns, from `find_homes`.
        relationships: All declared relationships of the tables that it reads.
        grain: The grain of the query, if it is known.
    """
    grain = grain or infer_grain(relation)
    names = {field.id: field.name for field in reversed(relation.fields) if field.name}
    found: dict[str, ColumnHome] = {}
    placements: dict[tuple[Home, ...], _Placement] = {}
    repetitions: dict[tuple[Home, Ids], bool] = {}
    for column in relation.fields:
        if not column.name:
            continue
        of_column = homes.of(frozenset({column.id}), relation)
        if of_column is None:
            found[column.name.lower()] = UNKNOWN_HOME
            continue
        if of_column not in placements:
            placements[of_column] = _place(of_column, relation, homes, names, grain)
        placed = placements[of_column]
        if placed.is_once and not (placed.home.table and placed.keys):
            if placed.home.measure:
                found[column.name.lower()] = ColumnHome(measure=placed.home.measure)
            continue
        home = placed.home
        if not placed.is_once and len(of_column) == 1:
            question = (of_column[0], placed.keys[0] if placed.keys else NONE)
            if question not in repetitions:
                values = frozenset({column.id})
                repeats = find_repetition(relation, NONE, question[1], of_column[0], homes, relationships, values)
                repetitions[question] = repeats is not None and repeats.is_declared
            home = home._replace(is_repeated=repetitions[question] or None)
        if home.is_repeated is None and any(part.is_alone for part in of_column):
            home = home._replace(key=())
        found[column.name.lower()] = home
    return found


class _Placement(NamedTuple):
    """Where columns with the same homes are at home, and by which columns inside the query its rows are identified."""

    home: ColumnHome
    keys: list[Ids]

    @property
    def is_once(self) -> bool:
        """Whether each row of the home is there once."""
        return self.home.is_repeated is False


def _place(
    of_column: tuple[Home, ...], relation: Relation, homes: Homes, names: Mapping[int, str], grain: Grain
) -> _Placement:
    kinds = {home.measure for home in of_column}
    kind: MeasureKind = kinds.pop() if len(kinds) == 1 else ""
    is_repeated: bool | None = False if homes.are_once(of_column, relation, NONE, grain) else None
    table = TOGETHER.join(sorted({home.table for home in of_column} - {THESE_ROWS}))
    keys = keys_together(of_column)
    carried = next(filter(None, (_names_of_key(key, names, grain) for key in keys)), ())
    return _Placement(ColumnHome(table, carried, is_repeated, kind), keys)


def _names_of_key(key: Ids, names: Mapping[int, str], grain: Grain) -> tuple[str, ...]:
    """The names of columns of the result that hold a key or identify its values; none if it has none."""
    found = []
    for column in sorted(key):
        reached = grain.closure(frozenset({column}))
        same = (
            other
            for other in names
            if other == column or (other in reached and column in grain.closure(frozenset({other})))
        )
        name = next((names[other] for other in same), None)
        if name is None:
            return ()
        found.append(name)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Judge:
    relationships: tuple[TableRelationship, ...]
    homes: Homes
    grains: dict[tuple[int, Ids], Grain] = field(default_factory=dict)

    def judge(self, node: Relation, *, is_chosen: bool) -> list[JudgedMeasure]:
        """The verdicts on the aggregates of one node; a condition may choose groups by their numbers of rows."""
        match node:
            case ir.Aggregate(input=rows, measures=measures):
                sets = node.sets if node.sets is not None else (frozenset(group.source for group in node.groups),)
                judged = [
                    self._judge(measure, rows, tuple(columns | measure.fixed for columns in sets), is_chosen=is_chosen)
                    for measure in measures
                ]
                return [
                    each if node.sets is not None or each.measure.fixed else replace(each, rows=rows) for each in judged
                ]
            case ir.Window(input=rows, measures=measures):
                partitions = {window.column: window.partition for window in node.columns}
                return [self._judge_window(measure, rows, partitions.get(measure.column)) for measure in measures]
            case _:
                return []

    def _judge_window(self, measure: Measure, rows: Relation, partition: Ids | None) -> JudgedMeasure:
        if partition is None:
            return JudgedMeasure(measure, "unknown", ())
        return self._judge(measure, rows, (partition,))

    def _judge(
        self, measure: Measure, rows: Relation, sets: tuple[Ids, ...], *, is_chosen: bool = False
    ) -> JudgedMeasure:
        homes = self.homes.of(measure.values, rows)
        names = tuple(column.name for column in rows.fields if column.id in measure.values)
        if homes is None:
            return JudgedMeasure(measure, "unknown", (), names)
        if measure.adds and len(homes) > 1:
            homes = tuple(replace(home, is_alone=True) for home in homes)
        for not_null in dict.fromkeys((NONE, measure.not_null)):
            grain = self._grain(rows, not_null)
            if all(self.homes.are_once(homes, rows, groups, grain, not_null) for groups in sets):
                return JudgedMeasure(measure, "exact", homes, names)
        smallest = min(sets, key=len)
        if (
            len(homes) > 1
            or is_chosen
            or (measure.is_mean and measure.values <= self._grain(rows, NONE).closure(smallest))
        ):
            return JudgedMeasure(measure, "unknown", homes, names)
        for home in homes:
            for key in home.keys or (NONE,):
                repetition = find_repetition(
                    rows, smallest, key, home, self.homes, self.relationships, measure.values, measure.conditions
                )
                if repetition is not None:
                    return JudgedMeasure(measure, "repeated", homes, names, repetition)
        return JudgedMeasure(measure, "unknown", homes, names)

    def _grain(self, rows: Relation, not_null: Ids) -> Grain:
        """The grain of rows, inferred once for all aggregates over them."""
        question = (id(rows), not_null)
        if question not in self.grains:
            self.grains[question] = infer_grain(rows, not_null=not_null)
        return self.grains[question]
