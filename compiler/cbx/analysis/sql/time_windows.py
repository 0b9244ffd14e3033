"""Time windows: ``window(at, '1 hour')``."""

from __future__ import annotations

from sqlglot import exp

NAMES = frozenset({"window"})
TIMES = frozenset({"TIMESTAMP", "TIMESTAMP_NTZ"})
EDGES = frozenset({("start",), ("end",)})
"""The paths of the fields of a time window."""


def is_time_window(node: exp.Expr) -> bool:
    """Whether an expression is a time window of constant length, so that its start determines its end."""
    if not isinstance(node, exp.Anonymous) or node.name.lower() not in NAMES:
        return False
    arguments = node.expressions[1:]
    return bool(arguments) and all(isinstance(argument, exp.Literal) and argument.is_string for argument in arguments)
