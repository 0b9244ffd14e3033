"""Finds functions whose result is another one each time that a query runs."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from cbx.analysis.relation.hazards import Hazard
from cbx.analysis.sql.trees.query_spans import place_of

_CLASSES = (exp.Rand, exp.Randn, exp.Randstr, exp.Shuffle, exp.Uniform, exp.Uuid)
_CALLS = (*_CLASSES, exp.Anonymous)
_NAMES = frozenset({"monotonically_increasing_id", "random", "spark_partition_id"})


def changing_functions(nodes: Iterable[exp.Expr]) -> list[Hazard]:
    """The calls of random functions among some nodes, and of functions that depend on how Spark divides the rows.

    The current time is not among them: that a table says when it was computed is what people mean by it. Neither is a
    random function with a seed.
    """
    named = ((node, _name(node)) for node in nodes if isinstance(node, _CALLS))
    return [Hazard("changing_values", place_of(node), (name,)) for node, name in named if name]


def _name(node: exp.Expr) -> str:
    """The name of a function that changes; empty for any other node."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower() if node.name.lower() in _NAMES else ""
    has_seed = isinstance(node, (exp.Rand, exp.Randn)) and node.this is not None
    return node.sql_name().lower() if isinstance(node, _CLASSES) and not has_seed else ""
