"""Finds generator columns whose values differ between the rows that come from one input row."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader, whole_number
from cbx.analysis.sql.inline_tables import keys_of_rows
from cbx.analysis.types.value_types import is_whole

_SETS = (exp.MapKeys, exp.ArrayDistinct, exp.ArrayIntersect, exp.ArrayUniqueAgg, exp.ArrayExcept)
"""Functions that return distinct elements."""

_SETS_BY_NAME = frozenset({"array_union"})


def distinct_elements(node: exp.Expr, width: int, reader: ExpressionReader) -> list[int]:
    """The columns of a generator that differ between the rows of one input row, by their positions.

    Args:
        node: The generator's call.
        width: The number of columns per element.
        reader: Reads its argument.
    """
    if isinstance(node, exp.Stack):
        return _distinct_stack_columns(node, width)
    if not isinstance(node, (exp.Explode, exp.ExplodeOuter, exp.Posexplode, exp.PosexplodeOuter)):
        return []
    is_of_map = width == 2
    return [0] if is_of_map or (width == 1 and _has_distinct_elements(node.this, reader)) else []


def _has_distinct_elements(node: exp.Expr, reader: ExpressionReader) -> bool:
    match node:
        case exp.Paren() | exp.ArraySort():
            return _has_distinct_elements(node.this, reader)
        case exp.GenerateSeries(args={"start": start}):
            kind = type_of(start, reader)
            return kind is not None and (kind == "DATE" or is_whole(kind))
        case exp.Array(expressions=[*items]) if items:
            return bool(keys_of_rows([[item] for item in items]))
        case exp.Anonymous(this=str() as name):
            return name.lower() in _SETS_BY_NAME
        case _:
            return isinstance(node, _SETS)


def _distinct_stack_columns(node: exp.Stack, width: int) -> list[int]:
    """The columns of ``stack`` with distinct literals: the first one of ``stack(2, 'a', x, 'b', y)``."""
    count = whole_number(node.this)
    values: Sequence[exp.Expr] = node.expressions
    if not count or len(values) != count * width:
        return []
    rows = [values[at : at + width] for at in range(0, len(values), width)]
    return sorted(at for key in keys_of_rows(rows) if len(key) == 1 for at in key)
