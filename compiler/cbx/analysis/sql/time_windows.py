"""Windows of time: ``window(at, '1 hour')``."""

from __future__ import annotations

from sqlglot import exp

NAMES = frozenset({"window"})
TIMES = frozenset({"TIMESTAMP", "TIMESTAMP_NTZ"})
EDGES = frozenset({("start",), ("end",)})
"""The fields of a window that are times."""


def is_time_window(node: exp.Expr) -> bool:
    """Whether an expression is a window of time whose length is written out, so that its start tells its end."""
    if not isinstance(node, exp.Anonymous) or node.name.lower() not in NAMES:
        return False
    arguments = node.expressions[1:]
    return bool(arguments) and all(isinstance(one, exp.Literal) and one.is_string for one in arguments)
