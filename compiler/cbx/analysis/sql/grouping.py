"""Reads GROUP BY: the grouping columns, the grouping sets and the aggregates."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Field, Group, Ids, Measure
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.determined_columns import add_determined_columns
from cbx.analysis.sql.expressions.expressions import ExpressionReader, contains_node, whole_number
from cbx.analysis.sql.expressions.measured import read_measure
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of
from cbx.analysis.sql.from_items.generators import is_generator
from cbx.analysis.sql.grouping_sets import read_markers
from cbx.analysis.sql.hazards.arbitrary_choices import choices_of_groups
from cbx.analysis.sql.scope import UnresolvedColumn
from cbx.analysis.sql.time_windows import TIMES, is_time_window
from cbx.analysis.sql.trees.closed_world import AGGREGATE_CLASSES
from cbx.analysis.sql.trees.query_spans import query_span
from cbx.analysis.sql.trees.understood import AGGREGATE_NAMES
from cbx.analysis.sql.trees.window_functions import unwrap_window_function

_NAMES = frozenset(AGGREGATE_NAMES.split())
_MOST_SETS = 64
_MOST_CHOICES = 4096
_SETS = (exp.Rollup, exp.Cube, exp.GroupingSets)


@dataclass(frozen=True, slots=True)
class _GroupingElement:
    """An item of GROUP BY: its grouping sets. A plain expression has one set."""

    sets: tuple[Ids, ...]


def aggregates_in(nodes: Sequence[exp.Expr]) -> list[exp.Expr]:
    """The aggregate functions in expressions, without those with OVER."""
    aggregates: list[exp.Expr] = []
    pending = list(reversed(nodes))
    while pending:
        at = pending.pop()
        if isinstance(at, (exp.Query, exp.Subquery)):
            continue
        if isinstance(at, exp.Window):
            function, clauses = unwrap_window_function(at.this)
            pending += [*function.iter_expressions(), *clauses, *(at.args.get("partition_by") or ())]
            pending += [at.args["order"]] if at.args.get("order") else []
        elif _is_aggregate(unwrap_window_function(at)[0]):
            aggregates.append(at)
        else:
            pending.extend(at.iter_expressions())
    return aggregates


def _is_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.Any):
        return not isinstance(node.parent, (exp.Like, exp.ILike))
    return type(node) in AGGREGATE_CLASSES or (isinstance(node, exp.Anonymous) and node.name.lower() in _NAMES)


def read_group_by(
    node: exp.Select,
    items: Sequence[exp.Expr],
    others: Sequence[exp.Expr],
    relation: Relation,
    reader: ExpressionReader,
) -> Relation:
    """Read GROUP BY and the aggregates of a SELECT.

    Args:
        node: The SELECT.
        items: What it selects.
        others: Other clauses that may contain aggregates: HAVING, QUALIFY.
        relation: The rows before grouping.
        reader: Reads expressions before grouping. The columns of groups and aggregates are added to it.

    Returns:
        The rows after grouping; the same rows if nothing is grouped.
    """
    group = node.args.get("group")
    calls = aggregates_in([*items, *others])
    if group is None and not calls and node.args.get("having") is None:
        return relation
    grouping = _GroupByReader(reader, items, node.expressions)
    elements = grouping.read_elements(group) if group is not None else []
    obstacle = _find_obstacle(grouping, elements)
    if elements is None or obstacle:
        return ir.Opaque((relation,), (), reason=obstacle)
    before = ir.Projection(relation, grouping.order_definitions(), relation.fields, relation.is_open)
    aggregates, measures, new_columns = _read_aggregates(calls, reader)
    sources, sets = _grouping_sets(elements)
    is_plain = all(len(element.sets) == 1 for element in elements)
    groups = tuple(Group(source if is_plain else reader.context.number(), source) for source in sources)
    if is_plain:
        reader.context.suspicions += choices_of_groups(calls, before, frozenset(sources), reader)
    grouping_id = None if is_plain else reader.context.number()
    before_grouping = ExpressionReader(reader.scope, reader.context, dict(grouping.columns_by_signature))
    markers = {} if is_plain else read_markers([*items, *others], sets, before_grouping)
    reader.columns_by_signature.update(grouping.columns_by_signature)
    if grouping_id is not None:
        _name_columns_of_sets(groups, grouping_id, reader)
    reader.columns_by_signature.update(new_columns)
    reader.columns_by_signature.update({signature: column for signature, (column, _) in markers.items()})
    grouping.name_time_window()
    return ir.Aggregate(
        before,
        groups,
        aggregates,
        (*(Field(entry.column, "") for entry in groups), *(Field(entry.column, "") for entry in aggregates)),
        None if is_plain else sets,
        grouping_id,
        place=query_span(group) if group else None,
        markers=tuple(markers.values()),
        measures=measures,
    )


def _grouping_sets(elements: Sequence[_GroupingElement]) -> tuple[list[int], tuple[Ids, ...]]:
    """All columns to group by, and each set of them: a choice of each element's sets."""
    sources = sorted(NONE.union(*(columns for element in elements for columns in element.sets)))
    choices = itertools.product(*(element.sets for element in elements))
    return sources, tuple(NONE.union(*choice) for choice in choices)


def _find_obstacle(grouping: _GroupByReader, elements: Sequence[_GroupingElement] | None) -> str:
    """Why the items of GROUP BY are not supported; empty if they are."""
    if not grouping.is_counted:
        return "a position after an item that expands to several columns"
    if elements is None or math.prod(len(element.sets) for element in elements) > _MOST_CHOICES:
        return "grouping sets that are not supported"
    if any(len(element.sets) > 1 for element in elements) and groups_by_literal(grouping.definitions):
        return "grouping sets by a literal"
    return ""


def _name_columns_of_sets(groups: Iterable[Group], grouping_id: int, reader: ExpressionReader) -> None:
    """Let expressions mean the columns of groups, which are NULL in the sets that lack them, not the rows' columns."""
    column_of = {group.source: group.column for group in groups}
    columns = reader.columns_by_signature
    columns.update({signature: column_of[number] for signature, number in columns.items()})
    columns.update({f"#{source}": column for source, column in column_of.items()})
    columns["groupingid()"] = grouping_id


def _read_aggregates(
    calls: Iterable[exp.Expr], reader: ExpressionReader
) -> tuple[tuple[ir.Definition, ...], tuple[Measure, ...], dict[str, int]]:
    """The aggregates, those of them that depend on repeated rows, and the column of each, by its signature."""
    aggregates: list[ir.Definition] = []
    measures: list[Measure] = []
    columns: dict[str, int] = {}
    for call in calls:
        signature = reader.signature(call)
        if signature in columns:
            continue
        value = reader.read(call)
        columns[signature] = column = reader.context.number()
        aggregates.append(ir.Definition(column, value))
        measure = read_measure(call, unwrap_window_function(call)[0], column, reader, query_span(call))
        measures += [measure] if measure is not None else []
    return tuple(aggregates), tuple(measures), columns


def groups_by_literal(definitions: Iterable[ir.Definition]) -> bool:
    """Whether rows are grouped by a literal: grouping sets turn the same literal into NULL wherever else it is."""
    return any(isinstance(definition.expression, ir.Constant) for definition in definitions)


def _members(node: exp.Expr) -> list[exp.Expr]:
    return node.expressions if isinstance(node, exp.Tuple) else [node]


class _GroupByReader:
    """Reads the items of GROUP BY, and defines a column for each expression."""

    def __init__(self, reader: ExpressionReader, items: Sequence[exp.Expr], selected: Sequence[exp.Expr]) -> None:
        self.reader = reader
        self.items = items
        self.selected = selected
        self.is_counted = True
        self.definitions: list[ir.Definition] = []
        self.columns_by_signature: dict[str, int] = {}
        self.nodes_by_column: dict[int, exp.Expr] = {}
        self.names: dict[int, set[str]] = {}

    def read_elements(self, group: exp.Group) -> list[_GroupingElement] | None:
        """Read the items of GROUP BY; None where an item is not supported."""
        if group.args.get("all"):
            plain_items = [
                item for item in self.items if not aggregates_in([item]) and not contains_node(item, exp.Window)
            ]
            return [_GroupingElement((self._columns_of(item),)) for item in plain_items]
        plain = [part for item in group.expressions if not isinstance(item, _SETS) for part in _members(item)]
        sets = [item for item in group.expressions if isinstance(item, _SETS)]
        for name in ("rollup", "cube", "grouping_sets"):
            sets += group.args.get(name) or []
        if any(not grouping_set.expressions for grouping_set in sets):
            if len(sets) > 1 or any(isinstance(grouping_set, exp.GroupingSets) for grouping_set in sets):
                return None
            sets = [type(sets[0])(expressions=[item.copy() for item in plain])]
            plain = []
        elements = [_GroupingElement((self._columns_of(item),)) for item in plain]
        for grouping_set in sets:
            element = self._read_sets(grouping_set)
            if element is None:
                return None
            elements.append(element)
        return None if sets and self._groups_under_two_names() else elements

    def _groups_under_two_names(self) -> bool:
        """Whether a grouping column has two names: a set may then contain one of them only."""
        return any(len(names) > 1 for names in self.names.values())

    def _read_sets(self, node: exp.Expr) -> _GroupingElement | None:
        members = [self._read_member(member) for member in node.expressions]
        is_cube = isinstance(node, exp.Cube)
        if any(isinstance(member, _SETS) for member in node.expressions) or len(members) > (
            6 if is_cube else _MOST_SETS
        ):
            return None
        if isinstance(node, exp.GroupingSets):
            return _GroupingElement(tuple(members))
        if isinstance(node, exp.Rollup):
            return _GroupingElement(
                tuple(frozenset[int]().union(*members[:count]) for count in range(len(members), -1, -1))
            )
        choices = itertools.product((True, False), repeat=len(members))
        return _GroupingElement(
            tuple(
                frozenset[int]().union(*(member for member, taken in zip(members, choice, strict=True) if taken))
                for choice in choices
            )
        )

    def _read_member(self, node: exp.Expr) -> Ids:
        return frozenset[int]().union(*(self._columns_of(member) for member in _members(node)))

    def _columns_of(self, node: exp.Expr) -> Ids:
        """The column of an item. ``1`` means the first item of SELECT, and a name may be an alias of SELECT.

        A bare identifier is the alias of ``|> AGGREGATE .. GROUP BY x AS name``.
        """
        node = node.unnest()
        position = whole_number(node)
        if position is not None and 0 < position <= len(self.selected):
            node = self.selected[position - 1]
            self.is_counted = self.is_counted and not any(
                _may_make_several_columns(item) for item in self.selected[:position]
            )
        elif isinstance(node, exp.Identifier) or (isinstance(node, exp.Column) and self._is_alias(node)):
            node = next(item for item in self.items if item.alias.lower() == node.name.lower())
        node = node.unalias()
        value = self.reader.read(node)
        if isinstance(value, ir.Reference):
            self.names.setdefault(value.column, set()).add(node.name.lower())
            return frozenset({value.column})
        signature = self.reader.signature(node)
        if signature not in self.columns_by_signature:
            self.columns_by_signature[signature] = self.reader.context.number()
            self.definitions.append(
                ir.Definition(self.columns_by_signature[signature], value, type_of(node, self.reader))
            )
            self.nodes_by_column[self.columns_by_signature[signature]] = node
        if is_time_window(node):
            kind = type_of(node.expressions[0], self.reader)
            self.reader.context.time_windows[self.columns_by_signature[signature]] = kind if kind in TIMES else None
        return frozenset({self.columns_by_signature[signature]})

    def order_definitions(self) -> tuple[ir.Definition, ...]:
        """The definitions, the inner ones first, so that ``year(month)`` reads the column of ``month``."""
        ordered = []
        for definition in sorted(
            self.definitions, key=lambda definition: len(list(self.nodes_by_column[definition.column].walk()))
        ):
            others = {text: number for text, number in self.columns_by_signature.items() if number != definition.column}
            inner = ExpressionReader(self.reader.scope, self.reader.context, others)
            node = self.nodes_by_column[definition.column]
            value = inner.read(node)
            if isinstance(value, ir.Computed):
                value = add_determined_columns(value, node, inner)
            ordered.append(replace(definition, expression=value))
        return tuple(ordered)

    def name_time_window(self) -> None:
        """Add the column ``window`` to the scope after grouping by a time window."""
        for number in self.reader.context.time_windows.keys() & set(self.columns_by_signature.values()):
            kind = self.reader.context.time_windows[number]
            field = Field(number, "window", f"STRUCT<start: {kind}, end: {kind}>" if kind else None)
            self.reader.scope.aliases.setdefault("window", field)

    def _is_alias(self, node: exp.Column) -> bool:
        is_named = any(item.alias.lower() == node.name.lower() for item in self.items if isinstance(item, exp.Alias))
        return (
            is_named
            and len(node.parts) == 1
            and isinstance(self.reader.scope.find((node.name.lower(),)), UnresolvedColumn)
        )


def _may_make_several_columns(node: exp.Expr) -> bool:
    """Whether an item of SELECT may expand to several columns, which shifts the positions after it."""
    bare = node.unalias() if isinstance(node, exp.Alias) else node
    return isinstance(bare, exp.Aliases) or bare.is_star or is_generator(bare)
