"""Reads the markers of grouping sets: ``grouping(a)``, ``grouping_id(a, b)``, and arithmetic on them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Ids
from cbx.analysis.sql.expressions.expressions import ExpressionReader, whole_number

Marker = tuple[int, tuple[int, ...]]
"""A column, and its value in each grouping set."""

_OPERATIONS: dict[type[exp.Expr], Callable[[int, int], int]] = {
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
}


def read_markers(nodes: Sequence[exp.Expr], sets: tuple[Ids, ...], reader: ExpressionReader) -> dict[str, Marker]:
    """Read the markers in expressions.

    Args:
        nodes: The expressions.
        sets: The grouping sets, each with the columns that it groups by.
        reader: Reads the grouping columns.

    Returns:
        The markers, by the signatures of their expressions.
    """
    markers: dict[str, Marker] = {}
    pending = list(nodes)
    while pending:
        node = pending.pop().unalias().unnest()
        numbers = _value_in_each_set(node, sets, reader)
        if numbers is None:
            pending += [inner for inner in node.iter_expressions() if not isinstance(inner, (exp.Query, exp.Subquery))]
        elif whole_number(node) is None:
            signature = reader.signature(node)
            if signature not in markers:
                markers[signature] = (reader.context.number(), numbers)
    return markers


def _value_in_each_set(node: exp.Expr, sets: tuple[Ids, ...], reader: ExpressionReader) -> tuple[int, ...] | None:
    """The value of an expression in each set; None if it is not constant within each set."""
    bare = node.unnest()
    number = whole_number(bare)
    if number is not None:
        return tuple(number for _ in sets)
    if isinstance(bare, (exp.Grouping, exp.GroupingId)) and bare.expressions:
        sources = [_grouped_column(column, reader) for column in bare.expressions]
        return tuple(_grouping_bits(sources, columns) for columns in sets) if None not in sources else None
    if type(bare) in _OPERATIONS:
        sides = [_value_in_each_set(side, sets, reader) for side in (bare.this, bare.expression)]
        if sides[0] is not None and sides[1] is not None:
            return tuple(_OPERATIONS[type(bare)](*pair) for pair in zip(sides[0], sides[1], strict=True))
    return None


def _grouped_column(node: exp.Expr, reader: ExpressionReader) -> int | None:
    value = reader.read(node)
    return value.column if isinstance(value, ir.Reference) else None


def _grouping_bits(sources: Sequence[int | None], grouped: Ids) -> int:
    """The value of ``grouping_id``: a bit per column, the first one highest, 1 where the set does not group by it."""
    total = 0
    for source in sources:
        total = 2 * total + (source not in grouped)
    return total
