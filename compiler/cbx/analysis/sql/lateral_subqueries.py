"""Reads queries in FROM that use the columns of what stands before them: ``LATERAL (SELECT .. LIMIT 1)``."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.scope import Context, FromItem, Scope


def read_lateral_subquery(
    node: exp.Lateral, relation: Relation, scope: Scope, context: Context, *, is_outer: bool
) -> Relation:
    """Read a lateral query, and make its columns known.

    Args:
        node: The LATERAL, whose inside is a query in brackets.
        relation: The rows before it.
        scope: Their names, which the query may use.
        context: What is shared while the query is read.
        is_outer: Whether a row stays for which the query has none.
    """
    around = Scope(
        outer=Scope(scope.from_items, scope.merged, scope.coalesced, scope.star, {}, scope.outer), queries=scope.queries
    )
    query = context.read_query(node.this, around, context)
    alias = node.args.get("alias")
    names = [one.name for one in alias.columns] if alias else []
    fields = query.fields
    if names and (query.is_open or len(names) != len(fields)):
        query, fields = ir.Opaque((query,), ()), ()
    elif names:
        fields = tuple(ir.Field(one.id, name, one.type) for one, name in zip(fields, names, strict=True))
    certain = frozenset[str]() if query.is_open else frozenset(one.name.lower() for one in fields)
    scope.from_items.append(
        FromItem((alias.name.lower(),) if alias and alias.name else (), fields, query.is_open, certain)
    )
    scope.star += fields
    return ir.Lateral(relation, query, is_outer, tuple(scope.star), scope.is_open)
