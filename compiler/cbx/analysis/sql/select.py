"""Reads a SELECT, clause by clause, in the order in which they apply."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cbx.analysis.facts import DOUBTFUL
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.mistakes import QueryMistake, is_stream
from cbx.analysis.relation.relations import Field, Relation
from cbx.analysis.sql.expressions.column_names import item_name
from cbx.analysis.sql.expressions.determined_columns import add_determined_columns
from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader, parts_of
from cbx.analysis.sql.expressions.predicates import read_predicates
from cbx.analysis.sql.from_clause import apply_table_sample, read_from_clause
from cbx.analysis.sql.generators import has_nested_generator, is_generator, read_generator, repeat_in_sliding_windows
from cbx.analysis.sql.grouping import aggregates_in, read_group_by
from cbx.analysis.sql.qualify import resolve_qualify_names
from cbx.analysis.sql.scope import Context, ResolvedColumn, Scope, UnresolvedColumn
from cbx.analysis.sql.trees.query_spans import query_span
from cbx.analysis.sql.ungrouped import is_own_column, ungrouped_columns
from cbx.analysis.sql.windows import read_windows
from cbx.parse.types import parts_of_type


def read_select(node: exp.Select, scope: Scope, context: Context) -> Relation:
    """Read a SELECT.

    Args:
        node: The SELECT.
        scope: A new scope, which knows the queries of WITH and the scope around.
        context: What is shared while the query is read.
    """
    relation = apply_table_sample(read_from_clause(node, scope, context), node)
    reader = ExpressionReader(scope, context)
    relation = _apply_filter(relation, node.args.get("where"), reader)
    items = node.expressions
    if any(has_nested_generator(_remove_alias(one)) or isinstance(one, exp.QueryTransform) for one in items):
        return _make_opaque(items, relation, reader, "rows that are made inside an expression")
    group = node.args.get("group")
    relation = repeat_in_sliding_windows(relation, [*items, *([group] if group else ())], context)
    qualify = resolve_qualify_names(node, reader)
    later = [one for one in (node.args.get("having"), qualify) if one is not None]
    plain = [one for one in items if not is_generator(_remove_alias(one))]
    grouped = read_group_by(node, plain, later, relation, reader)
    is_grouped = grouped is not relation
    if is_grouped:
        _note_grouping_mistakes(node, [*plain, *later], relation, reader)
    if is_grouped and isinstance(grouped, ir.Opaque):
        return _make_opaque(items, relation, reader, grouped.reason)
    relation = read_windows([*plain, *later], node.args.get("windows") or (), grouped, reader)
    selection = _SelectListReader(reader, relation, is_grouped=is_grouped)
    relation = selection.read(items)
    scope.aliases = {field.name.lower(): field for field in reversed(relation.fields)}
    relation = _apply_filter(relation, node.args.get("having"), reader)
    relation = _apply_filter(relation, qualify, reader)
    if node.args.get("distinct") is not None:
        if is_stream(relation):
            context.mistakes.append(QueryMistake("aggregate_on_stream", "DISTINCT", query_span(items[0])))
        on = node.args["distinct"].args.get("on")
        if on is not None:
            return ir.Opaque((relation,), relation.fields, relation.is_open, "DISTINCT ON")
        relation = ir.Distinct(relation, relation.fields, relation.is_open)
    return relation


def _make_opaque(items: list[exp.Expr], relation: Relation, reader: ExpressionReader, reason: str) -> Relation:
    """Rows of which nothing but the columns is known, if each item makes one."""
    if any(
        one.is_star or is_generator(_remove_alias(one)) or isinstance(one, (exp.Aliases, exp.QueryTransform))
        for one in items
    ):
        return ir.Opaque((relation,), (), reason=reason)
    fields = tuple(reader.context.new_field(item_name(one, reader), type_of(one, reader)) for one in items)
    return ir.Opaque((relation,), fields, is_open=False, reason=reason)


def _note_grouping_mistakes(
    node: exp.Select, aggregating: list[exp.Expr], relation: Relation, reader: ExpressionReader
) -> None:
    """Note what is wrong with a SELECT that groups its rows."""
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
    return ir.Filter(relation, predicates, relation.fields, relation.is_open, query_span(clause))


@dataclass
class _SelectListReader:
    """Reads what a SELECT selects, from left to right: an item may use the names of those before it."""

    reader: ExpressionReader
    relation: Relation
    is_grouped: bool

    def __post_init__(self) -> None:
        self.definitions: list[ir.Definition] = []
        self.fields: list[Field] = []
        self.is_open = False
        self.alive = {field.id for field in self.relation.fields} | set(self.reader.known.values())

    def read(self, items: list[exp.Expr]) -> Relation:
        """The rows with the columns selected."""
        for item in items:
            bare = _remove_alias(item)
            if isinstance(bare, exp.Star) or (isinstance(bare, exp.Column) and isinstance(bare.this, exp.Star)):
                self._read_star(bare)
            elif is_generator(bare):
                self._read_generator_item(item, bare)
            else:
                self._read_item(item)
        return ir.Projection(self.relation, tuple(self.definitions), tuple(self.fields), self.is_open)

    def _read_star(self, node: exp.Expr) -> None:
        scope = self.reader.scope
        star = node if isinstance(node, exp.Star) else node.this
        if isinstance(node, exp.Star):
            fields, is_open = list(scope.star), scope.is_open
        else:
            name = star_qualifier(node)
            matching = [one for one in scope.from_items if one.name[-len(name) :] == name]
            if not matching and self._read_struct_star(name, star):
                return
            fields = list(matching[0].fields) if len(matching) == 1 else []
            is_open = matching[0].is_open if len(matching) == 1 else True
        left_out, changed = self._read_except(star, fields)
        replaced = {one.alias.lower(): one for one in star.args.get("replace") or ()}
        if star.args.get("rename") or left_out is None:
            fields, is_open, left_out = [], True, set[tuple[int, str]]()
        self.is_open = self.is_open or is_open or self.is_grouped
        self.reader.context.spend(len(fields))
        for field in fields:
            name_ = field.name.lower()
            if name_ in replaced:
                self._read_item(replaced[name_])
            elif field.id in changed:
                self._define(
                    field.name, DOUBTFUL, ir.Computed(f"?{self.reader.context.number()}", frozenset({field.id}))
                )
            elif (field.id, name_) not in left_out:
                self._add(field)

    def _read_struct_star(self, name: tuple[str, ...], star: exp.Star) -> bool:
        """The fields of a struct, where that is what stands before ``.*`` and its type is known."""
        found = self.reader.scope.find(name)
        kind = found.field.type if isinstance(found, ResolvedColumn) else None
        for step in found.path if isinstance(found, ResolvedColumn) else ():
            fields = {field.lower(): inner for field, inner in parts_of_type(kind or "", "STRUCT") or ()}
            kind = fields.get(step)
        parts = parts_of_type(kind, "STRUCT") if kind else None
        left_out = star.args.get("except_") or ()
        is_plain = all(isinstance(one, (exp.Column, exp.Identifier)) and not one.args.get("table") for one in left_out)
        if (
            not isinstance(found, ResolvedColumn)
            or parts is None
            or not is_plain
            or star.args.get("replace")
            or star.args.get("rename")
        ):
            return False
        without = {one.name.lower() for one in left_out}
        for field, inner in parts:
            if field.lower() not in without:
                path = ".".join((f"#{found.field.id}", *found.path, field.lower()))
                self._define(field, inner, ir.Computed(path, frozenset({found.field.id})))
        return True

    def _read_except(self, star: exp.Star, fields: list[Field]) -> tuple[set[tuple[int, str]] | None, set[int]]:
        """The columns that a star leaves out, None where that is not understood, and those that lose a field.

        A bare name means a column of the star, also where USING gives the name another meaning outside it. What is left
        out has its number and its name, since a column may be there under another name too.
        """
        left_out: set[tuple[int, str]] = set()
        changed: set[int] = set()
        for one in star.args.get("except_") or ():
            column = one.find(exp.Column)
            own = {(field.id, name) for field in fields if column and parts_of(column) == (name := field.name.lower(),)}
            if len(own) == 1:
                left_out |= own
                continue
            found = self.reader.scope.find(parts_of(column)) if column else UnresolvedColumn(is_sure=False)
            if isinstance(found, UnresolvedColumn) and isinstance(one, exp.Column) and len(one.parts) == 1:
                name = one.name.lower()
                left_out |= {(field.id, name) for field in self.reader.scope.star if field.name.lower() == name}
                continue
            if isinstance(found, UnresolvedColumn):
                return None, changed
            if found.path:
                changed.add(found.field.id)
            else:
                left_out.add((found.field.id, found.field.name.lower()))
        return left_out, changed

    def _read_generator_item(self, item: exp.Expr, bare: exp.Expr) -> None:
        names = [one.name for one in item.expressions] if isinstance(item, exp.Aliases) else []
        if isinstance(item, exp.Alias):
            names = [item.alias]
        if isinstance(bare, (exp.Posexplode, exp.PosexplodeOuter)) and len(names) == 1:
            names = []
        self.relation, fields, is_open = read_generator(bare, names, self.relation, self.reader)
        self.reader.context.spend(len(self.relation.fields))
        self.is_open = self.is_open or is_open
        self.alive |= {field.id for field in fields}
        for field in fields:
            self._add(field)

    def _read_item(self, item: exp.Expr) -> None:
        self.is_open = self.is_open or isinstance(item, exp.Aliases)
        scope = self.reader.scope
        value = self.reader.read(item)
        name = item_name(item, self.reader)
        kind = type_of(item, self.reader)
        if isinstance(value, ir.Reference) and (not self.is_grouped or value.column in self.alive):
            self._add(Field(value.column, name, kind))
            return
        if isinstance(value, ir.Reference):
            column = item.unalias().unnest()
            if isinstance(column, exp.Column) and not scope.is_open and is_own_column(column, self.reader):
                mistake = QueryMistake(
                    "ungrouped_column", ".".join(part.name for part in column.parts), query_span(column)
                )
                self.reader.context.mistakes.append(mistake)
            value = ir.Computed(f"?{value.column}", ir.NONE, is_deterministic=False)
        if isinstance(value, ir.Computed):
            value = add_determined_columns(value, item, self.reader)
        field = self._define(name, kind, value)
        if isinstance(value, ir.Computed) and value.is_deterministic:
            self.reader.known.setdefault(value.signature, field.id)

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


def star_qualifier(node: exp.Expr) -> tuple[str, ...]:
    """What stands before ``.*``, lower case."""
    assert isinstance(node, exp.Column)  # noqa: S101 - the only node that holds a qualified star
    return parts_of(node)[:-1]
