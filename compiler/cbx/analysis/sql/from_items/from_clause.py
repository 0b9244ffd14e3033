"""Reads the FROM clause: tables, subqueries, joins and lateral views."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from cbx.analysis.facts import Table
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Field
from cbx.analysis.relation.places import QuerySpan
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.sql.expressions.predicates import read_predicates
from cbx.analysis.sql.from_items.generators import read_lateral_view
from cbx.analysis.sql.from_items.inline_tables import read_inline_table
from cbx.analysis.sql.from_items.joins import read_join
from cbx.analysis.sql.from_items.pivots import read_pivot, scope_of_relation
from cbx.analysis.sql.scope import CommonTable, Context, FromItem, Scope, UndeclaredTable
from cbx.analysis.sql.trees.query_spans import query_span
from cbx.syntax.text import PLACEHOLDER

_NOT_SUPPORTED = "a part of it is not supported"
_COST_OF_A_JOIN = 10
"""What a join counts for in addition to its columns."""


def read_from_clause(node: exp.Expr, scope: Scope, context: Context) -> Relation:
    """Read FROM, the joins and the lateral views of a SELECT: add their names to the scope, and return their rows."""
    clause = node.args.get("from_")
    if clause is None:
        return ir.Values(1, ())
    relation = _read_from_item(clause.this, scope, context)
    relation = _read_joins(node, relation, scope, context)
    for lateral in node.args.get("laterals") or ():
        relation = read_lateral_view(lateral, relation, scope, context)
        context.count_columns(len(relation.fields))
    return relation


def _read_joins(node: exp.Expr, relation: Relation, scope: Scope, context: Context) -> Relation:
    has_cross_join = False
    for join in node.args.get("joins") or ():
        if isinstance(join.this, exp.Lateral):
            is_outer = join.side == "LEFT"
            relation = read_lateral_view(join.this, relation, scope, context, is_outer=is_outer)
            if not is_outer and join.args.get("on") is not None:
                relation = _apply_join_condition(join, relation, scope, context)
            context.count_columns(len(relation.fields))
            continue
        if has_cross_join and (join.side in {"RIGHT", "FULL"} or join.method):
            relation = ir.Opaque((relation,), tuple(scope.star), reason="a comma before an outer or natural join")
        has_cross_join = has_cross_join or join.kind == "CROSS"
        added = Scope(outer=scope.outer, queries=scope.queries)
        right = _read_from_item(join.this, added, context)
        relation = read_join(join, relation, right, scope, added, context)
        context.count_columns(_COST_OF_A_JOIN + len(relation.fields))
        if join.args.get("pivots") or join.this.args.get("pivots"):
            relation = ir.Opaque((relation,), (), reason="a pivot")
            scope.from_items.append(FromItem((), (), is_open=True, certain_names=frozenset()))
    return relation


def _apply_join_condition(join: exp.Join, relation: Relation, scope: Scope, context: Context) -> Relation:
    """Filter the rows of a join with a lateral subquery by its ON condition."""
    reader = ExpressionReader(scope, context)
    predicates = read_predicates(join.args["on"], reader)
    queries = reader.queries_in(join.args["on"])
    return ir.Filter(relation, predicates, relation.fields, relation.is_open, query_span(join), queries)


def _read_from_item(node: exp.Expr, scope: Scope, context: Context) -> Relation:
    """Read an item of FROM, and add its names to the scope."""
    if isinstance(node, exp.Stream):
        return _read_stream(node, scope, context)
    if node.args.get("pivots"):
        return _read_pivot(node, scope, context)
    if isinstance(node, (exp.Table, exp.Subquery)) and node.args.get("joins"):
        return _read_parenthesized_join(node, scope, context)
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
        return _read_parenthesized_join(node, scope, context)
    relation = apply_table_sample(_read_rows(node, scope, context), node)
    columns = node.alias_column_names if isinstance(node, (exp.Table, exp.Subquery, exp.Values)) else []
    if columns:
        relation = _rename_first_columns(relation, tuple(columns))
    _add_from_item(_from_item_name(node), relation, scope, context, is_placeholder=_is_placeholder(node))
    return relation


def _read_pivot(node: exp.Expr, scope: Scope, context: Context) -> Relation:
    """Read an item with a PIVOT or UNPIVOT, whose alias replaces the alias of the item."""
    pivots = node.args["pivots"]
    is_plain = isinstance(node, (exp.Table, exp.Subquery)) and not node.args.get("joins") and len(pivots) == 1
    if not is_plain or (isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table)):
        return _add_opaque_item(node, scope, context, "a pivot")
    query = node.this if isinstance(node, exp.Subquery) else None
    rows = context.read_query(query, Scope(outer=scope.outer, queries=scope.queries), context) if query else None
    inner = apply_table_sample(rows or _read_rows(node, scope, context), node)
    relation = read_pivot(pivots[0], inner, scope_of_relation(inner, _from_item_name(node), scope), context)
    alias = pivots[0].args.get("alias")
    if alias is not None and alias.columns:
        relation = _rename_first_columns(relation, tuple(column.name for column in alias.columns))
    _add_from_item((alias.name.lower(),) if alias is not None else _from_item_name(node), relation, scope, context)
    return relation


def _is_placeholder(node: exp.Expr) -> bool:
    """Whether a table is the placeholder of an input and has no alias, so that the query may use the input's name."""
    return isinstance(node, exp.Table) and not node.alias and node.name.startswith(PLACEHOLDER)


def _read_stream(node: exp.Stream, scope: Scope, context: Context) -> Relation:
    inner = node.this
    alias = inner.args.get("alias")
    table = inner.this if isinstance(inner, exp.Subquery) else inner
    is_named = isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier)
    if not is_named or _has_other_clauses(table) or (inner is not table and _has_other_clauses(inner)):
        return _add_opaque_item(node, scope, context, "a stream of something other than a table")
    _note_undeclared_table(table, scope, context, is_streaming=True)
    relation = apply_table_sample(apply_table_sample(_scan_table(table, context, is_streaming=True), table), inner)
    name = (alias.name.lower(),) if alias else _from_item_name(table)
    _add_from_item(name, relation, scope, context, is_placeholder=not alias and _is_placeholder(table))
    return relation


def apply_table_sample(relation: Relation, node: exp.Expr) -> Relation:
    """Filter the rows by TABLESAMPLE, if there is one. It returns an unknown subset and repeats no row."""
    if not node.args.get("sample"):
        return relation
    sampling = ir.Condition(NONE, is_deterministic=False)
    return ir.Filter(relation, (sampling,), relation.fields, relation.is_open, query_span(node.args["sample"]))


def _has_other_clauses(node: exp.Expr) -> bool:
    """Whether a table has clauses other than its name, alias and sample."""
    return any(value for name, value in node.args.items() if name not in {"this", "db", "catalog", "alias", "sample"})


def _read_parenthesized_join(node: exp.Table | exp.Subquery, scope: Scope, context: Context) -> Relation:
    """Read a join in parentheses; an alias hides the names of its tables."""
    inner = Scope(outer=scope.outer, queries=scope.queries)
    first = node.this if isinstance(node, exp.Subquery) else node
    if isinstance(node, exp.Subquery):
        relation = _read_from_item(first, inner, context)
        relation = _read_joins(node, relation, inner, context)
    else:
        relation = apply_table_sample(_read_rows(node, inner, context), node)
        _add_from_item(_from_item_name(node), relation, inner, context)
        relation = _read_joins(node, relation, inner, context)
    if isinstance(node, exp.Subquery):
        relation = apply_table_sample(relation, node)
    alias = node.alias if isinstance(node, exp.Subquery) else ""
    if alias:
        fields = tuple(inner.star)
        certain = frozenset[str]() if inner.is_open else frozenset(field.name.lower() for field in fields)
        inner.from_items = [FromItem((alias.lower(),), fields, inner.is_open, certain)]
        inner.using_columns = {}
    scope.from_items += inner.from_items
    scope.using_columns |= inner.using_columns
    scope.coalesced |= inner.coalesced
    scope.star += inner.star
    return relation


def _read_rows(node: exp.Expr, scope: Scope, context: Context) -> Relation:
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        common = None if node.args.get("db") else _common_table(node.name, scope)
        if common:
            return _use_common_table(common, context)
        _note_undeclared_table(node, scope, context, is_streaming=False)
        return _scan_table(node, context)
    if isinstance(node, exp.Values):
        return read_inline_table(node, context)
    if isinstance(node, exp.Subquery):
        outer = Scope(outer=scope.outer, queries=scope.queries)
        return context.read_query(node, outer, context)
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Anonymous) and node.this.name.lower() == "range":
        return ir.Opaque((), (context.new_field("id", "BIGINT"),), is_open=False, reason="a table function")
    return read_opaque(node, scope, context, "a table function" if isinstance(node, exp.Table) else _NOT_SUPPORTED)


def read_opaque(node: exp.Expr, scope: Scope, context: Context, reason: str = _NOT_SUPPORTED) -> Relation:
    """An opaque relation of the tables that occur in a node."""
    inputs: list[Relation] = []
    for table in node.find_all(exp.Table):
        common = None if table.args.get("db") else _common_table(table.name, scope)
        is_streaming = isinstance(table.find_ancestor(exp.Stream, exp.Select), exp.Stream)
        inputs.append(
            _use_common_table(common, context) if common else _scan_table(table, context, is_streaming=is_streaming)
        )
    return ir.Opaque(tuple(inputs), (), reason=reason)


def _common_table(name: str, scope: Scope) -> CommonTable | None:
    return scope.queries.get(name.lower())


def _use_common_table(common: CommonTable, context: Context) -> Relation:
    """The rows of a common table expression. A further use may be computed again, so its columns get new numbers."""
    if common.relation is None:
        names = common.columns
        fields = tuple(context.new_field(name, kind) for name, kind in names or ())
        return ir.Opaque((), fields, names is None, "a recursive query")
    relation = common.relation
    if not common.is_used:
        common.is_used = True
        context.with_column_count += common.size
        return relation
    context.count_columns(common.size)
    offset = context.reserve_offset()
    fields = tuple(Field(field.id + offset, field.name, field.type) for field in relation.fields)
    return ir.Copy(relation, offset, fields, relation.is_open)


def _note_undeclared_table(node: exp.Table, scope: Scope, context: Context, *, is_streaming: bool) -> None:
    """Record a table that the query reads although no input declares it."""
    name = ".".join(part.name for part in node.parts)
    tokens = [part.meta for part in node.parts if "start" in part.meta]
    if name.lower() not in context.tables and tokens:
        span = QuerySpan(tokens[0]["start"], tokens[-1]["end"] + 1)
        context.undeclared_tables.append(UndeclaredTable(name, span, is_streaming, tuple(scope.queries)))


def _scan_table(node: exp.Table, context: Context, *, is_streaming: bool = False) -> Relation:
    name = ".".join(part.name for part in node.parts)
    table = context.tables.get(name.lower()) or Table(name)
    if is_streaming:
        table = replace(table, is_streaming=True)
    if table.columns is not None:
        fields = [context.new_field(column.name, column.type) for column in table.columns]
        return ir.Scan(table, tuple(fields), is_open=False, place=query_span(node))
    key_columns = [column for key in table.keys for column in key]
    key_columns += [column for key in table.current_keys for column in (*key.columns, key.null_column)]
    spelled = {name.lower(): name for name in (*reversed(key_columns), *context.column_names)}
    return ir.Scan(
        table, tuple(context.new_field(name) for name in spelled.values()), is_open=True, place=query_span(node)
    )


def _rename_first_columns(relation: Relation, names: tuple[str, ...]) -> Relation:
    if relation.is_open or len(names) > len(relation.fields):
        return ir.Opaque((relation,), ())
    rest = relation.fields[len(names) :]
    fields = tuple(Field(field.id, name, field.type) for field, name in zip(relation.fields, names, strict=False))
    return ir.Projection(relation, (), (*fields, *rest))


def _from_item_name(node: exp.Expr) -> tuple[str, ...]:
    if node.alias:
        return (node.alias.lower(),)
    return tuple(part.name.lower() for part in node.parts) if isinstance(node, exp.Table) else ()


def _add_from_item(
    name: tuple[str, ...], relation: Relation, scope: Scope, context: Context, *, is_placeholder: bool = False
) -> None:
    fields = relation.fields
    context.count_columns(len(fields))
    certain = _certain_names(relation) if relation.is_open else frozenset(field.name.lower() for field in fields)
    if is_placeholder and isinstance(relation, ir.Scan):
        name = tuple(relation.table.name.lower().split("."))
    scope.from_items.append(FromItem(name, fields, relation.is_open, certain, is_placeholder))
    scope.star += fields


def _certain_names(relation: Relation) -> frozenset[str]:
    if not isinstance(relation, ir.Scan):
        return frozenset()
    table = relation.table
    keys = (*table.keys, *(key.columns for key in table.current_keys))
    return frozenset(name.lower() for key in keys for name in key)


def _add_opaque_item(node: exp.Expr, scope: Scope, context: Context, reason: str) -> Relation:
    relation = read_opaque(node, scope, context, reason)
    scope.from_items.append(FromItem(_from_item_name(node), (), is_open=True, certain_names=frozenset()))
    return relation
