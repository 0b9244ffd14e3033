"""The function inside the clauses that may stand between it and OVER."""

from __future__ import annotations

from sqlglot import exp

_WRAPPERS = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
"""Classes between OVER and its function."""


def unwrap_window_function(node: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]]:
    """The function inside clauses such as FILTER and IGNORE NULLS, and those clauses."""
    clauses: list[exp.Expr] = []
    while isinstance(node, _WRAPPERS):
        clauses += [node.args["expression"]] if node.args.get("expression") else []
        node = node.this
    return node, clauses
