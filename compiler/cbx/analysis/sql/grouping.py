"""Reads GROUP BY: what is grouped by, in which sets, and which aggregates are computed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Field, Ids, Relation
from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader, contains_node, whole_number
from cbx.analysis.sql.generators import is_generator
from cbx.analysis.sql.grouping_sets import read_markers
from cbx.analysis.sql.scope import UnresolvedColumn
from cbx.analysis.sql.time_windows import TIMES, is_time_window
from cbx.analysis.sql.trees.closed_world import AGGREGATE_CLASSES
from cbx.analysis.sql.trees.query_spans import query_span
from cbx.analysis.sql.trees.understood import AGGREGATE_NAMES
from cbx.analysis.sql.windows import unwrap_window_function

_NAMES = frozenset(AGGREGATE_NAMES.split())
_MOST_SETS = 64
_MOST_CHOICES = 4096
_SETS = (exp.Rollup, exp.Cube, exp.GroupingSets)


@dataclass(frozen=True, slots=True)
class _GroupingElement:
    """An element of GROUP BY: the sets of columns that it stands for; one set where it is a plain expression."""

    sets: tuple[Ids, ...]


def aggregates_in(nodes: Sequence[exp.Expr]) -> list[exp.Expr]:
    """The aggregate functions in expressions, without those that a window computes."""
    found: list[exp.Expr] = []
    pending = list(reversed(nodes))
    while pending:
        one = pending.pop()
        if isinstance(one, (exp.Query, exp.Subquery)):
            continue
        if isinstance(one, exp.Window):
            function, clauses = unwrap_window_function(one.this)
            pending += [*function.iter_expressions(), *clauses, *(one.args.get("partition_by") or ())]
            pending += [one.args["order"]] if one.args.get("order") else []
        elif _is_aggregate(unwrap_window_function(one)[0]):
            found.append(one)
        else:
            pending.extend(one.iter_expressions())
    return found


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
        others: What else may hold aggregates: HAVING, QUALIFY.
        relation: The rows before grouping.
        reader: Reads expressions before grouping; it learns which columns hold groups and aggregates.

    Returns:
        The rows after grouping; as they were where nothing is grouped.
    """
    group = node.args.get("group")
    calls = aggregates_in([*items, *others])
    if group is None and not calls and node.args.get("having") is None:
        return relation
    grouping = _GroupByReader(reader, items, node.expressions)
    elements = grouping.read_elements(group) if group is not None else []
    if not grouping.is_counted:
        return ir.Opaque((relation,), (), reason="a position behind an item that makes several columns")
    if elements is None or math.prod(len(one.sets) for one in elements) > _MOST_CHOICES:
        return ir.Opaque((relation,), (), reason="grouping sets that are not understood")
    before = ir.Projection(relation, grouping.order_definitions(), relation.fields, relation.is_open)
    aggregates = []
    learned = {}
    for call in calls:
        signature = reader.signature(call)
        if signature not in learned:
            value = reader.read(call)
            learned[signature] = reader.context.number()
            aggregates.append(ir.Definition(learned[signature], value))
    sources = sorted(frozenset().union(*(one for element in elements for one in element.sets)))
    sets = tuple(frozenset[int]().union(*choice) for choice in itertools.product(*(one.sets for one in elements)))
    is_plain = all(len(element.sets) == 1 for element in elements)
    groups = tuple(ir.Group(one if is_plain else reader.context.number(), one) for one in sources)
    grouping_id = None if is_plain else reader.context.number()
    before_grouping = ExpressionReader(reader.scope, reader.context, dict(grouping.known))
    markers = {} if is_plain else read_markers([*items, *others], sets, before_grouping)
    reader.known.update(grouping.known)
    if not is_plain:
        moved = {one.source: one.column for one in groups}
        reader.known.update({key: moved[number] for key, number in reader.known.items()})
        reader.known.update({f"#{source}": column for source, column in moved.items()})
        reader.known["groupingid()"] = grouping_id or 0
    reader.known.update(learned)
    reader.known.update({signature: column for signature, (column, _) in markers.items()})
    grouping.name_time_window()
    fields = tuple(Field(one.column, "") for one in groups) + tuple(Field(one.column, "") for one in aggregates)
    return ir.Aggregate(
        before,
        groups,
        tuple(aggregates),
        fields,
        None if is_plain else sets,
        grouping_id,
        place=query_span(group) if group else None,
        markers=tuple(markers.values()),
    )


def _members(node: exp.Expr) -> list[exp.Expr]:
    return node.expressions if isinstance(node, exp.Tuple) else [node]


class _GroupByReader:
    """Reads the elements of GROUP BY, defining a column for each expression that is not one."""

    def __init__(self, reader: ExpressionReader, items: Sequence[exp.Expr], selected: Sequence[exp.Expr]) -> None:
        self.reader = reader
        self.items = items
        self.selected = selected
        self.is_counted = True
        self.definitions: list[ir.Definition] = []
        self.known: dict[str, int] = {}
        self.written: dict[int, exp.Expr] = {}
        self.names: dict[int, set[str]] = {}

    def read_elements(self, group: exp.Group) -> list[_GroupingElement] | None:
        """The elements; None where one is not understood."""
        if group.args.get("all"):
            chosen = [one for one in self.items if not aggregates_in([one]) and not contains_node(one, exp.Window)]
            return [_GroupingElement((self._columns_of(one),)) for one in chosen]
        plain = [part for one in group.expressions if not isinstance(one, _SETS) for part in _members(one)]
        sets = [one for one in group.expressions if isinstance(one, _SETS)]
        for name in ("rollup", "cube", "grouping_sets"):
            sets += group.args.get(name) or []
        if any(not one.expressions for one in sets):
            if len(sets) > 1 or any(isinstance(one, exp.GroupingSets) for one in sets):
                return None
            sets = [type(sets[0])(expressions=[one.copy() for one in plain])]
            plain = []
        found = [_GroupingElement((self._columns_of(one),)) for one in plain]
        for one in sets:
            element = self._read_sets(one)
            if element is None:
                return None
            found.append(element)
        return None if sets and self._groups_under_two_names() else found

    def _groups_under_two_names(self) -> bool:
        """Whether a column is grouped by under two names: a set may then leave out one of them, and keep the other."""
        return any(len(names) > 1 for names in self.names.values())

    def _read_sets(self, node: exp.Expr) -> _GroupingElement | None:
        members = [self._read_member(one) for one in node.expressions]
        is_cube = isinstance(node, exp.Cube)
        if any(isinstance(one, _SETS) for one in node.expressions) or len(members) > (6 if is_cube else _MOST_SETS):
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
                frozenset[int]().union(*(one for one, taken in zip(members, choice, strict=True) if taken))
                for choice in choices
            )
        )

    def _read_member(self, node: exp.Expr) -> Ids:
        return frozenset[int]().union(*(self._columns_of(one) for one in _members(node)))

    def _columns_of(self, node: exp.Expr) -> Ids:
        """The column that an element is or gets: ``1`` is the first of SELECT, and a name may be one that it gives.

        A bare identifier is the name that ``|> AGGREGATE .. GROUP BY x AS name`` gives.
        """
        node = node.unnest()
        position = whole_number(node)
        if position is not None and 0 < position <= len(self.selected):
            node = self.selected[position - 1]
            self.is_counted = self.is_counted and not any(
                _may_make_several_columns(one) for one in self.selected[:position]
            )
        elif isinstance(node, exp.Identifier) or (isinstance(node, exp.Column) and self._is_alias(node)):
            node = next(one for one in self.items if one.alias.lower() == node.name.lower())
        node = node.unalias()
        value = self.reader.read(node)
        if isinstance(value, ir.Reference):
            self.names.setdefault(value.column, set()).add(node.name.lower())
            return frozenset({value.column})
        signature = self.reader.signature(node)
        if signature not in self.known:
            self.known[signature] = self.reader.context.number()
            self.definitions.append(ir.Definition(self.known[signature], value, type_of(node, self.reader)))
            self.written[self.known[signature]] = node
        if is_time_window(node):
            kind = type_of(node.expressions[0], self.reader)
            self.reader.context.time_windows[self.known[signature]] = kind if kind in TIMES else None
        return frozenset({self.known[signature]})

    def order_definitions(self) -> tuple[ir.Definition, ...]:
        """The definitions, each made of those that it contains: what ``year(month)`` is follows from ``month``."""
        found = []
        for one in sorted(self.definitions, key=lambda each: len(list(self.written[each.column].walk()))):
            others = {text: number for text, number in self.known.items() if number != one.column}
            inner = ExpressionReader(self.reader.scope, self.reader.context, others)
            found.append(replace(one, expression=inner.read(self.written[one.column])))
        return tuple(found)

    def name_time_window(self) -> None:
        """After grouping by a window of time, its start and end can be named."""
        for number in self.reader.context.time_windows.keys() & set(self.known.values()):
            kind = self.reader.context.time_windows[number]
            field = Field(number, "window", f"STRUCT<start: {kind}, end: {kind}>" if kind else None)
            self.reader.scope.aliases.setdefault("window", field)

    def _is_alias(self, node: exp.Column) -> bool:
        named = any(one.alias.lower() == node.name.lower() for one in self.items if isinstance(one, exp.Alias))
        return (
            named
            and len(node.parts) == 1
            and isinstance(self.reader.scope.find((node.name.lower(),)), UnresolvedColumn)
        )


def _may_make_several_columns(node: exp.Expr) -> bool:
    """Whether an item of SELECT may stand for several columns, so that positions behind it count differently."""
    bare = node.unalias() if isinstance(node, exp.Alias) else node
    return isinstance(bare, exp.Aliases) or bare.is_star or is_generator(bare)
