"""Replaces unsupported nodes of a query, so that the reader does not misread them.

The reader searches trees by class. A class or an argument that it does not know, such as one that a new release of
sqlglot adds, may change the meaning of a node inside it. Therefore each node is first looked up in `understood`. A node
that is not listed there is replaced by a call of an unknown function, of which nothing is assumed; if it is not an
expression, the whole query around it is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from sqlglot import exp

from cbx.analysis.sql.trees.understood import (
    AGGREGATES,
    CHANGING,
    OF_WINDOWS,
    RELATIONS,
    ROLES,
    SCALARS,
    STABLE,
    TYPES,
    VOLATILE,
    arguments_of,
    classes,
)

KNOWN: Mapping[type[Any], frozenset[str]] = arguments_of(ROLES)
"""The supported classes, with their supported arguments."""

DETERMINISTIC = classes(SCALARS, TYPES) | {exp.Identifier}
"""Classes of deterministic expressions: equal arguments give equal values."""

STABLE_CLASSES = classes(STABLE)
"""Classes of expressions with one value while a query runs."""

VOLATILE_CLASSES = classes(VOLATILE)
"""Classes of expressions that get a new value wherever they are written."""

AGGREGATE_CLASSES = classes(AGGREGATES)
"""Classes of aggregate functions."""

UNKNOWN = "?"
"""The name of the unknown function that replaces an unsupported node."""

_EXPRESSIONS = classes(SCALARS, STABLE, VOLATILE, CHANGING, AGGREGATES, OF_WINDOWS) - {exp.Anonymous}
_RELATIONS = classes(RELATIONS)
_COMPARISONS = frozenset({exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ})
_PREDICATES = _COMPARISONS | {exp.Between, exp.ILike, exp.In, exp.Like, exp.RegexpLike}


def replace_unknown(tree: exp.Expr, nodes: Sequence[exp.Expr]) -> exp.Expr:
    """Replace the unsupported nodes of a query.

    Args:
        tree: The query; it is changed.
        nodes: All its nodes.

    Returns:
        The tree, or its replacement.

    Example:
        If ``Like`` were not supported, ``SELECT id, a LIKE b FROM t`` would become ``SELECT id, `?`(a, b) FROM t``. If
        ``From`` were not supported, the whole query would be replaced.
    """
    unsupported = [node for node in nodes if not _is_understood(node)]
    for node in unsupported:
        place = node if type(node) in _EXPRESSIONS or _is_named_function(node) else _enclosing_rows(node)
        replacement = _unknown_call(place)
        if place.parent is None:
            return replacement
        place.replace(replacement)
    return tree


def _is_understood(node: exp.Expr) -> bool:
    arguments = KNOWN.get(type(node))
    if arguments is None or _is_misread(node):
        return False
    present = node.args
    return present.keys() <= arguments or not any(
        value is not None and value is not False and value != []
        for name, value in present.items()
        if name not in arguments
    )


def _is_misread(node: exp.Expr) -> bool:
    """Whether sqlglot reads a node differently from Spark.

    Example:
        ``a = b > c`` is ``(a = b) > c`` to Spark, and what follows ``@`` in ``orders@v1`` is no alias but a version.
    """
    if type(node) is exp.TableAlias:
        return isinstance(node.this, exp.Parameter)
    return type(node) in _COMPARISONS and type(node.expression) in _PREDICATES


def _is_named_function(node: exp.Expr) -> TypeGuard[exp.Func]:
    """Whether a node is a function of an unlisted class; it is treated like one that sqlglot has no class for."""
    return isinstance(node, exp.Func) and not isinstance(node, exp.Anonymous) and type(node) not in KNOWN


def _enclosing_rows(node: exp.Expr) -> exp.Expr:
    """The innermost query or FROM item that contains a node."""
    while type(node) not in _RELATIONS and node.parent is not None:
        node = node.parent
    return node


def _unknown_call(node: exp.Expr) -> exp.Expr:
    """A call of an unknown function with the parts of a node; of a query, with the tables that it reads.

    A function of an unlisted class keeps its name, since some functions are recognized by their names.
    """
    if type(node) in _RELATIONS or node.parent is None:
        return exp.Anonymous(this=UNKNOWN, expressions=_tables(node))
    parts = list(node.iter_expressions())
    if type(node) in AGGREGATE_CLASSES:
        return exp.AnonymousAggFunc(this=UNKNOWN, expressions=parts)
    name = node.sql_name().lower() if _is_named_function(node) else UNKNOWN
    return exp.Anonymous(this=name, expressions=parts)


def _tables(node: exp.Expr) -> list[exp.Expr]:
    """The tables that a query reads, marked where they are read as streams."""
    tables: list[exp.Expr] = []
    for read in node.find_all(exp.Table):
        name = {part: read.args[part] for part in ("this", "db", "catalog") if read.args.get(part)}
        is_known = all(_is_understood(part) for part in name.values())
        table = exp.Table(**(name if is_known else {"this": exp.to_identifier(UNKNOWN)}))
        tables.append(exp.Stream(this=table) if read.find_ancestor(exp.Stream) else table)
    return tables
