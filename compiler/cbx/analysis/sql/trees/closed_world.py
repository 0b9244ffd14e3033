"""Takes what the reader does not understand out of a query, so that nothing reads it for what it is not.

The reader searches trees by class, and what it searches for may be inside something that changes its meaning: a class
or an argument that a release of sqlglot has added, or that nobody has thought of. So before a query is read, each node
of its tree is looked up in `understood`. A node that is not there is replaced by a call of an unknown function, of
which everything is unknown; if it is a part of a query and no expression, the whole query is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from sqlglot import exp

from cbx.analysis.sql.trees.understood import (
    AGGREGATES,
    CHANGING,
    DRAWN,
    OF_WINDOWS,
    RELATIONS,
    ROLES,
    SCALARS,
    STEADY,
    TYPES,
    arguments_of,
    classes,
)

KNOWN: Mapping[type[Any], frozenset[str]] = arguments_of(ROLES)
"""The classes that are understood, with their arguments."""

DETERMINISTIC = classes(SCALARS, TYPES) | {exp.Identifier}
"""What gives the same for the same values of its parts."""

STEADY_CLASSES = classes(STEADY)
"""What gives the same value while a query runs."""

DRAWN_CLASSES = classes(DRAWN)
"""What is drawn anew wherever it is written."""

AGGREGATE_CLASSES = classes(AGGREGATES)
"""What makes one value of several rows."""

UNKNOWN = "?"
"""The name of a function that stands for something that is not understood."""

_EXPRESSIONS = classes(SCALARS, STEADY, DRAWN, CHANGING, AGGREGATES, OF_WINDOWS) - {exp.Anonymous}
_RELATIONS = classes(RELATIONS)


def replace_unknown(tree: exp.Expr, nodes: Sequence[exp.Expr]) -> exp.Expr:
    """A query in which the reader understands every node.

    Args:
        tree: The query; it is changed.
        nodes: All nodes of it.

    Returns:
        The tree, or what stands for it.

    Example:
        Of ``SELECT id, a LIKE b FROM t`` the reader would make ``SELECT id, `?`(a, b) FROM t`` if ``Like`` were not
        among the known classes, and nothing if ``From`` were not.
    """
    strangers = [node for node in nodes if not _is_understood(node)]
    for node in strangers:
        place = node if type(node) in _EXPRESSIONS or _is_named_function(node) else _enclosing_rows(node)
        stand_in = _unknown_call(place)
        if place.parent is None:
            return stand_in
        place.replace(stand_in)
    return tree


def _is_understood(node: exp.Expr) -> bool:
    arguments = KNOWN.get(type(node))
    if arguments is None:
        return False
    given = node.args
    return given.keys() <= arguments or not any(
        value is not None and value is not False and value != []
        for name, value in given.items()
        if name not in arguments
    )


def _is_named_function(node: exp.Expr) -> TypeGuard[exp.Func]:
    """Whether a node is a function that no table names: it is taken for one that sqlglot has no class for."""
    return isinstance(node, exp.Func) and not isinstance(node, exp.Anonymous) and type(node) not in KNOWN


def _enclosing_rows(node: exp.Expr) -> exp.Expr:
    """The rows that a node is or belongs to."""
    while type(node) not in _RELATIONS and node.parent is not None:
        node = node.parent
    return node


def _unknown_call(node: exp.Expr) -> exp.Expr:
    """A call of an unknown function with the parts of a node, of rows with the tables that they are made of.

    A function without a known class keeps its name, by which some functions without a class are told.
    """
    if type(node) in _RELATIONS or node.parent is None:
        return exp.Anonymous(this=UNKNOWN, expressions=_tables(node))
    parts = list(node.iter_expressions())
    if type(node) in AGGREGATE_CLASSES:
        return exp.AnonymousAggFunc(this=UNKNOWN, expressions=parts)
    name = node.sql_name().lower() if _is_named_function(node) else UNKNOWN
    return exp.Anonymous(this=name, expressions=parts)


def _tables(node: exp.Expr) -> list[exp.Expr]:
    """The tables that rows are made of, and which of them are read as streams."""
    tables: list[exp.Expr] = []
    for one in node.find_all(exp.Table):
        name = {part: one.args[part] for part in ("this", "db", "catalog") if one.args.get(part)}
        is_known = all(_is_understood(part) for part in name.values())
        table = exp.Table(**(name if is_known else {"this": exp.to_identifier(UNKNOWN)}))
        tables.append(exp.Stream(this=table) if one.find_ancestor(exp.Stream) else table)
    return tables
