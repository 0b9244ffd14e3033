"""Reads functions that make several rows of one: explode and its like, in SELECT and as lateral views."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cbx.analysis import relations as ir
from cbx.analysis.facts import DOUBTFUL
from cbx.analysis.relations import Field, Relation
from cbx.analysis.sql.elements import distinct_elements
from cbx.analysis.sql.expression_types import type_of
from cbx.analysis.sql.expressions import ExpressionReader, visible_nodes
from cbx.analysis.sql.laterals import read_lateral_query
from cbx.analysis.sql.scope import Context, Scope, Source
from cbx.analysis.sql.type_rules import element_of, fields_of, key_of, value_of
from cbx.analysis.sql.understood import GENERATOR_NAMES, GENERATORS, classes

_WITH_POSITION = (exp.Posexplode, exp.PosexplodeOuter)
_OUTER = (exp.ExplodeOuter, exp.PosexplodeOuter)
_GENERATORS = classes(GENERATORS)
_BY_NAME = frozenset(GENERATOR_NAMES.split())


def is_generator(node: exp.Expr) -> bool:
    """Whether an expression makes several rows of one."""
    return type(node) in _GENERATORS or (isinstance(node, exp.Anonymous) and node.name.lower() in _BY_NAME)


def hides_generator(node: exp.Expr) -> bool:
    """Whether an expression makes several rows of one somewhere inside, or hands rows to a script."""
    return any(one is not node and (is_generator(one) or isinstance(one, exp.QueryTransform)) for one in node.walk())


def in_sliding_windows(relation: Relation, nodes: Sequence[exp.Expr], context: Context) -> Relation:
    """The rows as expressions see them: one for each window that holds it, where ``window`` makes some that overlap."""
    slides = any(
        isinstance(one, exp.Anonymous) and one.name.lower() == "window" and len(one.expressions) > 2
        for node in nodes
        for one in visible_nodes(node)
    )
    if not slides:
        return relation
    return ir.Explode(relation, context.number(), (), ir.NONE, False, relation.fields, relation.is_open)


def generate(
    node: exp.Expr, names: list[str], relation: Relation, reader: ExpressionReader, *, is_outer: bool = False
) -> tuple[ir.Explode, tuple[Field, ...], bool]:
    """Read a generator.

    Args:
        node: The function's call.
        names: The names that the query gives its columns.
        relation: The rows that it reads.
        reader: Reads its arguments.
        is_outer: Whether rows without elements stay.

    Returns:
        The rows it makes, the columns that the query sees, and whether there may be more of them.
    """
    context = reader.context
    value = reader.read(node.this) if isinstance(node.this, exp.Expr) else ir.Constant(None)
    has_position = isinstance(node, _WITH_POSITION)
    is_open = not names
    given = names or (["pos", "col"] if has_position else ["col"])
    unknown = _unknown_type(node, reader)
    made = [kind or unknown for kind in _made_types(node, reader)]
    kinds = [*(["INT"] if has_position else []), *made, *[unknown] * len(given)]
    fields = tuple(context.new_field(name, kind) for name, kind in zip(given, kinds, strict=False))
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
    )
    return rows, fields, is_open


def _unknown_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type of what is made of a value, where that is not known."""
    is_undeclared = isinstance(node.this, exp.Expr) and type_of(node.this, reader) is None
    return None if is_undeclared else DOUBTFUL


def _made_types(node: exp.Expr, reader: ExpressionReader) -> list[str | None]:
    """The types of the columns that explode and its like make, the position left out; none of what is not known."""
    kind = type_of(node.this, reader) if isinstance(node.this, exp.Expr) else None
    element = element_of(kind)
    if isinstance(node, exp.Inline):
        return [one for _, one in fields_of(element or "")]
    if isinstance(node, exp.Stack):
        return []
    return [element] if element else [key_of(kind), value_of(kind)]


def read_lateral(
    node: exp.Lateral, relation: Relation, scope: Scope, context: Context, *, is_outer: bool = False
) -> Relation:
    """Read a lateral view, and make its columns known."""
    alias = node.args.get("alias")
    name = (alias.name.lower(),) if alias and alias.name else ()
    if isinstance(node.this, exp.Subquery) and not node.args.get("view"):
        return read_lateral_query(node, relation, scope, context, is_outer=is_outer)
    if not is_generator(node.this):
        scope.sources.append(Source(name, (), is_open=True, certain=frozenset()))
        return ir.Opaque((relation,), tuple(scope.star), reason="a lateral subquery or a table function")
    names = [one.name for one in alias.columns] if alias else []
    rows, fields, is_open = generate(
        node.this, names, relation, ExpressionReader(scope, context), is_outer=bool(node.args.get("outer"))
    )
    certain = frozenset(field.name.lower() for field in fields if names)
    scope.sources.append(Source(name, fields, is_open, certain))
    scope.star += fields
    return rows
