"""How an expression is evaluated: whether it makes several rows of one, and whether it may give another value again."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.sql.expressions.spark_functions import GENERATORS, NONDETERMINISTIC
from cbx.analysis.sql.from_items.generators import is_generator
from cbx.analysis.sql.trees.closed_world import VOLATILE_CLASSES

ANY_ROWS = "?rows"
"""The name of an expression that may change the number of rows."""

_MAKES_ROWS = GENERATORS | {ANY_ROWS}
DRAWS = "?draws "
"""How the name of an expression begins that may give another value each time."""


def makes_rows(node: exp.Expr) -> bool:
    """Whether an expression may produce several rows from one.

    A sliding time window does, because a row is in several windows.
    """
    return any(
        is_generator(part)
        or (isinstance(part, exp.Anonymous) and str(part.this).lower() in _MAKES_ROWS)
        or (isinstance(part, exp.Anonymous) and str(part.this).lower() == "window" and len(part.expressions) > 2)
        for part in node.walk()
    )


def draws_again(node: exp.Expr) -> bool:
    """Whether an expression may give another value for the same row when it is evaluated again."""
    return any(
        type(part) in VOLATILE_CLASSES
        or (isinstance(part, exp.Anonymous) and str(part.this).startswith(DRAWS))
        or (isinstance(part, exp.Anonymous) and str(part.this).lower() in NONDETERMINISTIC)
        for part in node.walk()
    )
