"""Reads a SELECT, clause by clause, in the order of evaluation."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Field
from cbx.analysis.relation.query_mistakes import QueryMistake, is_stream
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.column_names import item_name
from cbx.analysis.sql.expressions.determined_columns import add_determined_columns
from cbx.analysis.sql.expressions.expressions import ExpressionReader, parts_of
from cbx.analysis.sql.expressions.mismatched_types import mismatched_types, without_aliases
from cbx.analysis.sql.expressions.predicates import read_predicates
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of_result
from cbx.analysis.sql.from_items.from_clause import apply_table_sample, read_from_clause
from cbx.analysis.sql.from_items.generators import (
    has_nested_generator,
    is_generator,
    read_generator,
    repeat_in_sliding_windows,
)
from cbx.analysis.sql.grouping import aggregates_in, read_group_by
from cbx.analysis.sql.hazards.not_in_queries import not_in_queries
from cbx.analysis.sql.hazards.rejected_sides import rejected_sides
from cbx.analysis.sql.qualify import resolve_qualify_names
from cbx.analysis.sql.scope import Context, ResolvedColumn, Scope, UnresolvedColumn
from cbx.analysis.sql.trees.query_spans import query_span
from cbx.analysis.sql.ungrouped import names_from_item_column, ungrouped_columns
from cbx.analysis.sql.windows import read_windows
from cbx.analysis.types.type_rules import struct_of
from cbx.parse.databricks_sql.types import parts_of_type


def read_select(node: exp.Select, scope: Scope, context: Context) -> Relation:
    """Read a SELECT.

    Args:
        node: The SELECT.
        scope: A new scope with the common table expressions and the outer scope.
        context: What is shared while the query is read.
    """
    relation = apply_table_sample(read_from_clause(node, scope, context), node)
    reader = ExpressionReader(scope, context)
    relation = _read_where(node, relation, reader)
    items = node.expressions
    if any(has_nested_generator(_remove_alias(item)) or isinstance(item, exp.QueryTransform) for item in items):
        return _make_opaque(items, relation, reader, "a generator function inside an expression")
    group = node.args.get("group")
    relation = repeat_in_sliding_windows(relation, [*items, *([group] if group else ())], context)
    qualify = resolve_qualify_names(node, reader)
    later = [clause for clause in (node.args.get("having"), qualify) if clause is not None]
    plain = [item for item in items if not is_generator(_remove_alias(item))]
    later += _sorted_by_aggregates(node, [*plain, *later])
    grouped = read_group_by(node, plain, later, relation, reader)
    is_grouped = grouped is not relation
    if is_grouped:
        _note_grouping_mistakes(node, [*plain, *later], relation, reader)
    if is_grouped and isinstance(grouped, ir.Opaque):
        return _make_opaque(items, relation, reader, grouped.reason)
    relation = read_windows([*plain, *later], node.args.get("windows") or (), grouped, reader)
    selection = _SelectListReader(reader, relation, is_grouped=is_grouped)
    relation = selection.read(items)
    context.mistakes += mismatched_types([*items, *without_aliases(later, items)], reader)
    scope.aliases = {field.name.lower(): field for field in reversed(relation.fields)}
    relation = _apply_filter(relation, node.args.get("having"), reader)
    relation = _apply_filter(relation, qualify, reader)
    return _read_distinct(node, relation, context)


def _read_where(node: exp.Select, relation: Relation, reader: ExpressionReader) -> Relation:
    """Read WHERE, before the aliases of SELECT, which mean nothing to it."""
    where = node.args.get("where")
    if where is not None:
        reader.context.suspicions += rejected_sides(where.this, relation, reader)
        reader.context.suspicions += not_in_queries(where.this, reader)
    relation = _apply_filter(relation, where, reader)
    reader.context.mistakes += mismatched_types([where], reader)
    return relation


def _read_distinct(node: exp.Select, relation: Relation, context: Context) -> Relation:
    distinct = node.args.get("distinct")
    if distinct is None:
        return relation
    if is_stream(relation):
        context.mistakes.append(QueryMistake("aggregate_on_stream", "DISTINCT", query_span(node.expressions[0])))
    if distinct.args.get("on") is not None:
        return ir.Opaque((relation,), relation.fields, relation.is_open, "DISTINCT ON")
    return ir.Distinct(relation, relation.fields, relation.is_open)


def _sorted_by_aggregates(node: exp.Select, grouping: list[exp.Expr]) -> list[exp.Expr]:
    """The items of ORDER BY with aggregates or windows that read no alias of SELECT, of a SELECT that groups its rows.

    Args:
        node: The SELECT.
        grouping: Its other clauses that may contain aggregates.
    """
    order = node.args.get("order")
    if order is None or not (node.args.get("group") or aggregates_in(grouping)):
        return []
    aliases = {item.alias.lower() for item in node.expressions if isinstance(item, exp.Alias)}
    found = [item.this for item in order.expressions if aggregates_in([item.this])]
    return [call for call in found if not any(column.name.lower() in aliases for column in call.find_all(exp.Column))]


def _make_opaque(items: list[exp.Expr], relation: Relation, reader: ExpressionReader, reason: str) -> Relation:
    """An opaque relation; its columns are known if each item makes one."""
    if any(
        item.is_star or is_generator(_remove_alias(item)) or isinstance(item, (exp.Aliases, exp.QueryTransform))
        for item in items
    ):
        return ir.Opaque((relation,), (), reason=reason)
    fields = tuple(reader.context.new_field(item_name(item, reader), type_of_result(item, reader)) for item in items)
    return ir.Opaque((relation,), fields, is_open=False, reason=reason)


def _note_grouping_mistakes(
    node: exp.Select, aggregating: list[exp.Expr], relation: Relation, reader: ExpressionReader
) -> None:
    """Report the mistakes of a SELECT that groups its rows."""
    mistakes = reader.context.mistakes
    group = node.args.get("group")
    if group is None:
        mistakes.extend(ungrouped_columns(node.expressions, reader))
    if is_stream(relation):
        mistakes.append(QueryMistake("aggregate_on_stream", "", query_span(group or aggregates_in(aggregating)[0])))


def _remove_alias(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, (exp.Alias, exp.Aliases)) else node


def _apply_filter(relation: Relation, clause: exp.Expr | None, reader: ExpressionReader) -> Relation:
    if clause is None:
        return relation
    predicates = read_predicates(clause.this, reader)
    queries = reader.queries_in(clause)
    return ir.Filter(relation, predicates, relation.fields, relation.is_open, query_span(clause), queries)


@dataclass
class _SelectListReader:
    """Reads the items of SELECT from left to right: an item may use the aliases of earlier ones."""

    reader: ExpressionReader
    relation: Relation
    is_grouped: bool

    def __post_init__(self) -> None:
        self.definitions: list[ir.Definition] = []
        self.fields: list[Field] = []
        self.is_open = False
        self.is_star = True
        self.alive = {field.id for field in self.relation.fields} | set(self.reader.columns_by_signature.values())

    def read(self, items: list[exp.Expr]) -> Relation:
        """Read the items, and return the rows with the selected columns."""
        for item in items:
            bare = _remove_alias(item)
            if isinstance(bare, exp.Star) or (isinstance(bare, exp.Column) and isinstance(bare.this, exp.Star)):
                self._read_star(bare)
            elif is_generator(bare):
                self._read_generator_item(item, bare)
            else:
                self._read_item(item)
        is_star = self.is_open and self.is_star
        return ir.Projection(self.relation, tuple(self.definitions), tuple(self.fields), self.is_open, is_star)

    def _read_star(self, node: exp.Expr) -> None:
        scope = self.reader.scope
        star = node if isinstance(node, exp.Star) else node.this
        if isinstance(node, exp.Star):
            fields, is_open = list(scope.star), scope.is_open
        else:
            name = star_qualifier(node)
            matching = [from_item for from_item in scope.from_items if from_item.name[-len(name) :] == name]
            if not matching and self._read_struct_star(name, star):
                return
            fields = list(matching[0].fields) if len(matching) == 1 else []
            is_open = matching[0].is_open if len(matching) == 1 else True
        left_out, changed = self._read_except(star, fields)
        if self.is_grouped or len(scope.from_items) != 1 or any(map(star.args.get, ("except_", "replace", "rename"))):
            self.is_star = False
        replaced = {item.alias.lower(): item for item in star.args.get("replace") or ()}
        if star.args.get("rename") or left_out is None:
            fields, is_open, left_out = [], True, set[tuple[int, str]]()
        self.is_open = self.is_open or is_open or self.is_grouped
        self.reader.context.count_columns(len(fields))
        for field in fields:
            lower_name = field.name.lower()
            if lower_name in replaced:
                self._read_item(replaced[lower_name])
            elif field.id in changed:
                value = ir.Computed(f"?{self.reader.context.number()}", frozenset({field.id}))
                self._define(field.name, _type_without(field.type, changed[field.id]), value)
            elif (field.id, lower_name) not in left_out:
                self._add(field)

    def _read_struct_star(self, name: tuple[str, ...], star: exp.Star) -> bool:
        """Add the fields of a struct for ``column.*``; return False where it is no struct of known type."""
        match = self.reader.scope.find(name)
        kind = match.field.type if isinstance(match, ResolvedColumn) else None
        for step in match.path if isinstance(match, ResolvedColumn) else ():
            fields = {field.lower(): inner for field, inner in parts_of_type(kind or "", "STRUCT") or ()}
            kind = fields.get(step)
        parts = parts_of_type(kind, "STRUCT") if kind else None
        left_out = star.args.get("except_") or ()
        is_plain = all(
            isinstance(column, (exp.Column, exp.Identifier)) and not column.args.get("table") for column in left_out
        )
        if (
            not isinstance(match, ResolvedColumn)
            or parts is None
            or not is_plain
            or star.args.get("replace")
            or star.args.get("rename")
        ):
            return False
        without = {column.name.lower() for column in left_out}
        for field, inner in parts:
            if field.lower() not in without:
                path = ".".join((f"#{match.field.id}", *match.path, field.lower()))
                self._define(field, inner, ir.Computed(path, frozenset({match.field.id})))
        return True

    def _read_except(
        self, star: exp.Star, fields: list[Field]
    ) -> tuple[set[tuple[int, str]] | None, dict[int, list[tuple[str, ...]]]]:
        """Read EXCEPT of a star: the excluded columns, None where that is not supported, and the fields others lose.

        A bare name means a column of the star, even where USING merges columns of that name. An excluded column has its
        number and its name, since the star may contain it under another name as well.
        """
        left_out: set[tuple[int, str]] = set()
        changed: dict[int, list[tuple[str, ...]]] = {}
        for excepted in star.args.get("except_") or ():
            column = excepted.find(exp.Column)
            matches = {
                (field.id, name) for field in fields if column and parts_of(column) == (name := field.name.lower(),)
            }
            if len(matches) == 1:
                left_out |= matches
                continue
            match = self.reader.scope.find(parts_of(column)) if column else UnresolvedColumn(is_sure=False)
            if isinstance(match, UnresolvedColumn) and isinstance(excepted, exp.Column) and len(excepted.parts) == 1:
                name = excepted.name.lower()
                left_out |= {(field.id, name) for field in self.reader.scope.star if field.name.lower() == name}
                continue
            if isinstance(match, UnresolvedColumn):
                return None, changed
            if match.path:
                changed.setdefault(match.field.id, []).append(match.path)
            else:
                left_out.add((match.field.id, match.field.name.lower()))
        return left_out, changed

    def _read_generator_item(self, item: exp.Expr, bare: exp.Expr) -> None:
        names = [alias.name for alias in item.expressions] if isinstance(item, exp.Aliases) else []
        if isinstance(item, exp.Alias):
            names = [item.alias]
        if isinstance(bare, (exp.Posexplode, exp.PosexplodeOuter)) and len(names) == 1:
            names = []
        self.relation, fields, is_open = read_generator(bare, names, self.relation, self.reader)
        self.reader.context.count_columns(len(self.relation.fields))
        self.is_open = self.is_open or is_open
        self.is_star = self.is_star and not is_open
        self.alive |= {field.id for field in fields}
        for field in fields:
            self._add(field)

    def _read_item(self, item: exp.Expr) -> None:
        self.is_open = self.is_open or isinstance(item, exp.Aliases)
        self.is_star = self.is_star and not isinstance(item, exp.Aliases)
        scope = self.reader.scope
        value = self.reader.read(item)
        name = item_name(item, self.reader)
        kind = type_of_result(item, self.reader)
        if isinstance(value, ir.Reference) and (not self.is_grouped or value.column in self.alive):
            self._add(Field(value.column, name, kind))
            return
        if isinstance(value, ir.Reference):
            column = item.unalias().unnest()
            if isinstance(column, exp.Column) and not scope.is_open and names_from_item_column(column, self.reader):
                mistake = QueryMistake(
                    "ungrouped_column", ".".join(part.name for part in column.parts), query_span(column)
                )
                self.reader.context.mistakes.append(mistake)
            value = ir.Computed(f"?{value.column}", NONE, is_deterministic=False)
        if isinstance(value, ir.Computed):
            value = add_determined_columns(value, item, self.reader)
        field = self._define(name, kind, value)
        if isinstance(value, ir.Computed) and value.is_deterministic:
            self.reader.columns_by_signature.setdefault(value.signature, field.id)

    def _define(self, name: str, kind: str | None, value: ir.Expression) -> Field:
        field = self.reader.context.new_field(name, kind)
        self.definitions.append(ir.Definition(field.id, value))
        self._add(field)
        return field

    def _add(self, field: Field) -> None:
        self.fields.append(field)
        if field.name:
            self.reader.scope.aliases.setdefault(field.name.lower(), field)
        self.alive.add(field.id)


def _type_without(kind: str | None, paths: list[tuple[str, ...]]) -> str | None:
    """The type of a struct that loses some of its fields."""
    parts = parts_of_type(kind, "STRUCT") if kind else None
    if parts is None or any(len(path) > 1 for path in paths):
        return UNKNOWN_TYPE
    lost = {name for (name,) in paths}
    kept = [(name, inner) for name, inner in parts if name.lower() not in lost]
    return struct_of(kept) or UNKNOWN_TYPE if kept else UNKNOWN_TYPE


def star_qualifier(node: exp.Expr) -> tuple[str, ...]:
    """The name parts before ``.*``, in lower case."""
    assert isinstance(node, exp.Column)  # noqa: S101 - the only node that holds a qualified star
    return parts_of(node)[:-1]
