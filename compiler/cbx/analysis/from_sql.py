"""Translates the text of a query to the relational IR.

This does not use ``sqlglot.optimizer.qualify``, which rewrites the tree and loses the offsets in the text, stops at the
first unknown column, needs the columns of all tables, and takes six times as long with ``annotate_types``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import errors, exp

from cbx.analysis.facts import UNKNOWN_TYPE, Table
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.cast_set_columns import cast_set_columns
from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.hazards import Suspicion
from cbx.analysis.relation.places import QuerySpan
from cbx.analysis.relation.query_mistakes import QueryMistake, is_grouped, is_stream
from cbx.analysis.relation.relation_walks import is_deep, nodes_of, reads_stream, stream_scans
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.databricks_functions import unknown_functions
from cbx.analysis.sql.expressions.expressions import whole_number
from cbx.analysis.sql.from_items.from_clause import read_opaque
from cbx.analysis.sql.hazards.arbitrary_choices import choice_of_limit
from cbx.analysis.sql.hazards.changing_functions import changing_functions
from cbx.analysis.sql.hazards.null_comparisons import null_comparisons
from cbx.analysis.sql.pipes import reorders_pipe_steps
from cbx.analysis.sql.scope import CommonTable, Context, Scope, TooLargeError, UndeclaredTable, UnknownColumn
from cbx.analysis.sql.select import read_select
from cbx.analysis.sql.trees.closed_world import replace_unknown
from cbx.analysis.sql.trees.query_spans import query_span
from cbx.analysis.types.type_rules import VOID
from cbx.analysis.types.value_types import united_type
from cbx.parse.databricks_sql.dialect import only, read_statements
from cbx.parse.databricks_sql.nesting import obstacle


@dataclass(frozen=True, slots=True)
class Query:
    """What a query does.

    Attributes:
        relation: Its relation.
        unknown_columns: The columns that none of its inputs has, in the order of the text.
        expressions: The spans of the expressions of its columns, by their names in lower case; a star has none.
        undeclared_tables: The tables that it reads although no input declares them, in the order of the text.
        mistakes: Other errors that fail every run.
        suspicions: The hazards, and what may be one.
    """

    relation: Relation
    unknown_columns: tuple[UnknownColumn, ...]
    expressions: Mapping[str, QuerySpan] = field(default_factory=dict)
    undeclared_tables: tuple[UndeclaredTable, ...] = ()
    mistakes: tuple[QueryMistake, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()


def read_query(query: str | exp.Expr, tables: Mapping[str, Table]) -> Query:
    """Read a query of Databricks SQL. Never fails: what is not supported becomes `Opaque`.

    Args:
        query: The text, or its tree.
        tables: The known tables by the names that the query uses; not case-sensitive.

    Returns:
        What the query does. Spans are offsets in the text.
    """
    if isinstance(query, str) and obstacle(query):
        return Query(ir.Opaque((), (), reason="the query is too large or nested too deeply", hides_stream=True), ())
    try:
        tree = only(read_statements(query)) if isinstance(query, str) else query.copy()
        expressions = _expression_ranges(tree)
        nodes = list(tree.walk())
        functions = tuple(unknown_functions(nodes, query)) if isinstance(query, str) else ()
        column_names = [
            node.name for node in nodes if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star)
        ]
        column_names += [
            identifier.name
            for join in nodes
            if isinstance(join, exp.Join)
            for identifier in join.args.get("using") or ()
        ]
        by_name = {name.lower(): table for name, table in tables.items()}
        text = query if isinstance(query, str) else ""
        context = Context(by_name, tuple(dict.fromkeys(column_names)), _read_relation, text=text)
        context.suspicions += [*null_comparisons(nodes), *changing_functions(nodes)]
        relation = _read_relation(replace_unknown(tree, nodes), Scope(), context)
    except (errors.SqlglotError, RecursionError):
        return Query(ir.Opaque((), (), reason="the query cannot be parsed", hides_stream=True), ())
    except TooLargeError:
        return Query(ir.Opaque((), (), reason="the query is too large", hides_stream=True), ())
    if is_deep(relation):
        return Query(ir.Opaque((), (), reason="the query is nested too deeply", hides_stream=True), ())
    if _hides_stream(nodes, relation, context):
        reason = "it reads a stream in a part that is not supported"
        relation = ir.Opaque((relation,), relation.fields, relation.is_open, reason, hides_stream=True)
    if isinstance(query, str) and reorders_pipe_steps(query):
        reason = "the order of its pipe steps is not supported"
        relation = ir.Opaque((relation,), relation.fields, relation.is_open, reason)
    unknown = sorted(dict.fromkeys(context.unknown_columns), key=lambda column: column.start)
    undeclared_tables = sorted(dict.fromkeys(context.undeclared_tables), key=lambda table: table.span.start)
    mistakes = tuple(dict.fromkeys([*functions, *context.mistakes]))
    return Query(relation, tuple(unknown), expressions, tuple(undeclared_tables), mistakes, tuple(context.suspicions))


def _hides_stream(nodes: Sequence[exp.Expr], relation: Relation, context: Context) -> bool:
    """Whether a query reads a stream that its relation does not contain."""
    streams = {query_span(stream.find(exp.Table) or stream) for stream in nodes if isinstance(stream, exp.Stream)}
    if any(table.is_streaming for table in context.tables.values()):
        read = {
            node: ".".join(part.name for part in node.parts).lower() for node in nodes if isinstance(node, exp.Table)
        }
        fact = context.tables
        streams |= {query_span(node) for node, name in read.items() if name in fact and fact[name].is_streaming}
    if not streams:
        return False
    in_conditions = [
        query for node in nodes_of(relation) if isinstance(node, (ir.Filter, ir.Join)) for query in node.queries
    ]
    return any(map(reads_stream, in_conditions)) or not streams <= {scan.place for scan in stream_scans(relation)}


def _expression_ranges(tree: exp.Expr) -> Mapping[str, QuerySpan]:
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    items = tree.expressions if isinstance(tree, exp.Select) else ()
    spans = {item.alias_or_name.lower(): query_span(item) for item in items if not item.is_star}
    return {name: span for name, span in spans.items() if span is not None}


def _read_relation(node: exp.Expr, outer: Scope, context: Context) -> Relation:
    """Read a query; it may use the columns of the outer scope."""
    unknown_before = len(context.unknown_columns)
    scope = Scope(outer=outer, queries=_read_with_clause(node, outer, context))
    match node:
        case exp.Subquery() if not any(node.args.get(name) for name in ("joins", "pivots", "sample")):
            relation = _read_relation(node.this, scope, context)
        case exp.Select():
            relation = read_select(node, scope, context)
        case exp.SetOperation():
            relation = _read_set_operation(node, scope, context)
        case exp.Table() | exp.Values() | exp.Subquery():
            relation = read_select(exp.select("*").from_(node, copy=False), scope, context)
        case _:
            return read_opaque(node, scope, context)
    context.count_columns(len(relation.fields))
    _note_sort(node, relation, context)
    if len(context.unknown_columns) > unknown_before:
        return ir.Opaque((relation,), relation.fields, reason="it reads a column that no input has")
    return _apply_limit(relation, node, context)


def _note_sort(node: exp.Expr, relation: Relation, context: Context) -> None:
    """Report that a query sorts a stream without aggregating it."""
    order = next((node.args[name] for name in ("order", "sort", "cluster") if node.args.get(name)), None)
    if order is not None and is_stream(relation) and not is_grouped(relation):
        context.mistakes.append(QueryMistake("sort_on_stream", "", query_span(order)))


def _apply_limit(relation: Relation, node: exp.Expr, context: Context) -> Relation:
    limit = node.args.get("limit")
    if limit is None or limit.expression.name.upper() == "ALL":
        return relation
    context.suspicions += choice_of_limit(node, relation)
    return ir.Limit(relation, whole_number(limit.args.get("expression")), relation.fields, relation.is_open)


def _read_with_clause(node: exp.Expr, outer: Scope, context: Context) -> Mapping[str, CommonTable]:
    clause = node.args.get("with_")
    if clause is None:
        return outer.queries
    queries = dict(outer.queries)
    for common in clause.expressions:
        name = common.alias.lower()
        if clause.recursive and any(table.name.lower() == name for table in common.this.find_all(exp.Table)):
            queries[name] = CommonTable(
                None, columns=_recursive_columns(common, Scope(outer=outer, queries=queries), context)
            )
            continue
        before = context.column_count + context.with_column_count
        relation = _read_relation(common.this, Scope(outer=outer, queries=queries), context)
        names = common.alias_column_names
        if names:
            relation = _rename_columns(relation, names)
        queries[name] = CommonTable(relation, context.column_count + context.with_column_count - before)
    return queries


def _recursive_columns(common: exp.CTE, scope: Scope, context: Context) -> tuple[tuple[str, str | None], ...] | None:
    """The columns of a recursive query: those of its anchor, the first part; None where they are not known."""
    first = common.this
    while isinstance(first, (exp.SetOperation, exp.Subquery)):
        first = first.this
    name = common.alias.lower()
    if any(table.name.lower() == name for table in first.find_all(exp.Table)):
        return None
    relation = _read_relation(first, scope, context)
    names = common.alias_column_names or [field.name for field in relation.fields]
    if relation.is_open or len(names) != len(relation.fields):
        return None
    kinds = [
        field.type if field.type and not field.type.startswith(("DECIMAL", VOID)) else UNKNOWN_TYPE
        for field in relation.fields
    ]
    return tuple(zip(names, kinds, strict=True))


def _rename_columns(relation: Relation, names: list[str]) -> Relation:
    if relation.is_open or len(names) != len(relation.fields):
        return ir.Opaque((relation,), ())
    fields = tuple(Field(field.id, name, field.type) for field, name in zip(relation.fields, names, strict=True))
    return ir.Projection(relation, (), fields)


def _read_set_operation(node: exp.SetOperation, scope: Scope, context: Context) -> Relation:
    is_all = not node.args.get("distinct")
    parts = [node.this, node.expression]
    while is_all and isinstance(node, exp.Union) and _is_plain_union_all(parts[0]):
        parts[:1] = [parts[0].this, parts[0].expression]
    inputs = tuple(_read_relation(part, scope, context) for part in parts)
    first = inputs[0]
    kinds = {exp.Union: "union", exp.Intersect: "intersect", exp.Except: "except"}
    fits = all(not branch.is_open and len(branch.fields) == len(first.fields) for branch in inputs)
    if node.args.get("by_name") or not fits:
        return ir.Opaque(inputs, (), reason="a set operation whose columns may not match")
    fields = tuple(
        context.new_field(field.name, united_type([branch.fields[at].type for branch in inputs]))
        for at, field in enumerate(first.fields)
    )
    inputs, _ = cast_set_columns(inputs, context.new_field)
    return ir.SetOperation(kinds[type(node)], is_all, inputs, fields)  # type: ignore[arg-type]


def _is_plain_union_all(node: exp.Expr) -> bool:
    return isinstance(node, exp.Union) and not any(
        value for name, value in node.args.items() if name not in {"this", "expression"}
    )
