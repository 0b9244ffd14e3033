"""Finds comparisons with NULL, which are never true and never false."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from cbx.analysis.relation.hazards import Hazard
from cbx.analysis.sql.trees.query_spans import place_of

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_ASKING = (*_COMPARISONS, exp.Not, exp.In, exp.If)


def null_comparisons(nodes: Iterable[exp.Expr]) -> list[Hazard]:
    """The comparisons with NULL among some nodes: ``x = NULL``, ``x NOT IN (1, NULL)``, ``CASE x WHEN NULL``."""
    return [
        Hazard("comparison_with_null", place_of(node))
        for node in nodes
        if isinstance(node, _ASKING) and _compares_with_null(node)
    ]


def _compares_with_null(node: exp.Expr) -> bool:
    match node:
        case exp.Binary() if isinstance(node, _COMPARISONS):
            return _is_null(node.this) or _is_null(node.expression)
        case exp.Not(this=exp.In() as inner):
            return any(map(_is_null, inner.expressions))
        case exp.In(expressions=[only]):
            return _is_null(only)
        case exp.If():
            case_ = node.parent
            return isinstance(case_, exp.Case) and case_.this is not None and _is_null(node.this)
        case _:
            return False


def _is_null(node: exp.Expr) -> bool:
    return isinstance(node.unnest(), exp.Null)
