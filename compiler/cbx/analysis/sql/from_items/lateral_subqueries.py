"""Reads lateral subqueries, which use columns of preceding FROM items: ``LATERAL (SELECT .. LIMIT 1)``."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.scope import Context, FromItem, Scope


def read_lateral_subquery(
    node: exp.Lateral, relation: Relation, scope: Scope, context: Context, *, is_outer: bool
) -> Relation:
    """Read a lateral subquery, and add its columns to the scope.

    Args:
        node: The LATERAL with a subquery.
        relation: The rows of the preceding FROM items.
        scope: Their names, which the subquery may use.
        context: What is shared while the query is read.
        is_outer: Whether rows without a match are kept.
    """
    outer = Scope(
        outer=Scope(scope.from_items, scope.using_columns, scope.coalesced, scope.star, {}, scope.outer),
        queries=scope.queries,
    )
    query = context.read_query(node.this, outer, context)
    alias = node.args.get("alias")
    names = [column.name for column in alias.columns] if alias else []
    fields = query.fields
    if names and (query.is_open or len(names) != len(fields)):
        query, fields = ir.Opaque((query,), ()), ()
    elif names:
        fields = tuple(Field(field.id, name, field.type) for field, name in zip(fields, names, strict=True))
    certain = frozenset[str]() if query.is_open else frozenset(field.name.lower() for field in fields)
    scope.from_items.append(
        FromItem((alias.name.lower(),) if alias and alias.name else (), fields, query.is_open, certain)
    )
    scope.star += fields
    return ir.Lateral(relation, query, is_outer, tuple(scope.star), scope.is_open)
