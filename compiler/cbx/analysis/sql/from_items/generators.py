"""Reads generator functions such as ``explode``, in SELECT and in LATERAL VIEW."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Field
from cbx.analysis.relation.needs import NOTHING, Needs
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.expressions.expressions import ExpressionReader, visible_nodes, whole_number
from cbx.analysis.sql.expressions.null_rejection import needed_columns
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of, type_of_result
from cbx.analysis.sql.from_items.distinct_elements import distinct_elements
from cbx.analysis.sql.from_items.lateral_subqueries import read_lateral_subquery
from cbx.analysis.sql.scope import Context, FromItem, Scope
from cbx.analysis.sql.trees.understood import GENERATOR_NAMES, GENERATORS, classes
from cbx.analysis.types.value_types import united_type
from cbx.parse.databricks_sql.types import parts_of_type

_WITH_POSITION = (exp.Posexplode, exp.PosexplodeOuter)
_OUTER = (exp.ExplodeOuter, exp.PosexplodeOuter)
_GENERATORS = classes(GENERATORS)
_BY_NAME = frozenset(GENERATOR_NAMES.split())


def is_generator(node: exp.Expr) -> bool:
    """Whether an expression is a generator function, which returns several rows for one."""
    return type(node) in _GENERATORS or (isinstance(node, exp.Anonymous) and node.name.lower() in _BY_NAME)


def has_nested_generator(node: exp.Expr) -> bool:
    """Whether an expression contains a generator function or a script transformation below its root."""
    return any(
        inner is not node and (is_generator(inner) or isinstance(inner, exp.QueryTransform)) for inner in node.walk()
    )


def repeat_in_sliding_windows(relation: Relation, nodes: Sequence[exp.Expr], context: Context) -> Relation:
    """Repeat each row for each time window that contains it, if an expression calls ``window`` with a slide."""
    slides = any(
        isinstance(inner, exp.Anonymous) and inner.name.lower() == "window" and len(inner.expressions) > 2
        for node in nodes
        for inner in visible_nodes(node)
    )
    if not slides:
        return relation
    return ir.Explode(relation, context.number(), (), NONE, False, relation.fields, relation.is_open)


def read_generator(
    node: exp.Expr, names: list[str], relation: Relation, reader: ExpressionReader, *, is_outer: bool = False
) -> tuple[ir.Explode, tuple[Field, ...], bool]:
    """Read a generator function.

    Args:
        node: The function's call.
        names: The names that the query gives its columns.
        relation: The input.
        reader: Reads its arguments.
        is_outer: Whether rows without elements are kept.

    Returns:
        The output, its new columns, and whether it may have further columns.
    """
    context = reader.context
    value = reader.read(node.this) if isinstance(node.this, exp.Expr) else ir.Constant(None)
    has_position = isinstance(node, _WITH_POSITION)
    generated = _generated_columns(node, reader)
    unknown = _fallback_type(node, reader)
    if generated is None:
        is_open = not names
        generated = [("pos", "INT")] if has_position else []
        generated += [("col", unknown)] * max(len(names) - len(generated), 1 if is_open else 0)
    else:
        is_open = len(names) not in {0, len(generated)}
    named = [(name, kind) for name, (_, kind) in zip(names, generated, strict=False)] if names else generated
    fields = tuple(context.new_field(name, unknown if is_open else kind) for name, kind in named)
    position = fields[0].id if has_position else context.number()
    columns = tuple(field.id for field in fields if field.id != position)
    rows = ir.Explode(
        relation,
        position,
        columns,
        ir.reads_of(value),
        is_outer or isinstance(node, _OUTER),
        (*relation.fields, *fields),
        relation.is_open or is_open,
        frozenset(columns[at] for at in distinct_elements(node, len(columns), reader)),
        isinstance(value, ir.Reference),
        _needs(node, reader) if not (is_outer or isinstance(node, _OUTER)) else NOTHING,
    )
    return rows, fields, is_open


def _needs(node: exp.Expr, reader: ExpressionReader) -> Needs:
    """What a row needs to have elements: a collection that is not NULL."""
    is_of_collection = isinstance(node, (exp.Explode, exp.Posexplode, exp.Inline)) and isinstance(node.this, exp.Expr)
    return needed_columns(node.this, reader, "NOT NULL") if is_of_collection else NOTHING


def _fallback_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type for generated columns: None if the argument has no declared type, else `UNKNOWN_TYPE`."""
    is_undeclared = isinstance(node.this, exp.Expr) and type_of(node.this, reader) is None
    return None if is_undeclared else UNKNOWN_TYPE


def _generated_columns(node: exp.Expr, reader: ExpressionReader) -> list[tuple[str, str | None]] | None:
    """The names and types of the columns that a generator returns; None where they are not known."""
    name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
    if isinstance(node, exp.Stack):
        return _stack_columns(node, reader)
    if name == "json_tuple":
        return [(f"c{number}", "STRING") for number in range(len(node.expressions) - 1)]
    if isinstance(node, exp.Inline) or name == "inline_outer":
        argument = node.expressions[0] if name else node.this
        kind = type_of(argument, reader) if isinstance(argument, exp.Expr) else None
        elements = parts_of_type(kind, "ARRAY") if kind else None
        parts = parts_of_type(elements[0][1], "STRUCT") if elements else None
        return list(parts) if parts is not None else None
    if not isinstance(node, (exp.Explode, exp.Posexplode, *_OUTER)) or not isinstance(node.this, exp.Expr):
        return None
    kind = type_of(node.this, reader)
    parts = (parts_of_type(kind, "ARRAY") or parts_of_type(kind, "MAP")) if kind else None
    position = [("pos", "INT")] if isinstance(node, _WITH_POSITION) else []
    return [*position, *parts] if parts else None


def _stack_columns(node: exp.Stack, reader: ExpressionReader) -> list[tuple[str, str | None]] | None:
    """The columns of ``stack(2, a, b, c, d)``: here two."""
    rows = whole_number(node.this)
    if not rows:
        return None
    count = -(-len(node.expressions) // rows)
    kinds = [[type_of_result(value, reader) for value in node.expressions[at::count]] for at in range(count)]
    return [(f"col{at}", united_type(of_column)) for at, of_column in enumerate(kinds)]


def read_lateral_view(
    node: exp.Lateral, relation: Relation, scope: Scope, context: Context, *, is_outer: bool = False
) -> Relation:
    """Read a lateral view or lateral subquery, and add its columns to the scope."""
    alias = node.args.get("alias")
    name = (alias.name.lower(),) if alias and alias.name else ()
    if isinstance(node.this, exp.Subquery) and not node.args.get("view"):
        return read_lateral_subquery(node, relation, scope, context, is_outer=is_outer)
    if not is_generator(node.this):
        scope.from_items.append(FromItem(name, (), is_open=True, certain_names=frozenset()))
        return ir.Opaque((relation,), tuple(scope.star), reason="a lateral subquery or a table function")
    names = [column.name for column in alias.columns] if alias else []
    rows, fields, is_open = read_generator(
        node.this, names, relation, ExpressionReader(scope, context), is_outer=bool(node.args.get("outer"))
    )
    certain = frozenset(field.name.lower() for field in fields if names or not is_open)
    scope.from_items.append(FromItem(name, fields, is_open, certain))
    scope.star += fields
    return rows
