"""Finds generator columns whose values differ between the rows that come from one input row."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cbx.analysis.sql.expressions.expressions import ExpressionReader, whole_number
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of
from cbx.analysis.sql.from_items.inline_tables import keys_of_rows
from cbx.analysis.types.value_types import is_whole

_SETS = (exp.ArrayDistinct, exp.ArrayIntersect, exp.ArrayUniqueAgg, exp.ArrayExcept)
"""Functions that return distinct elements."""

_SETS_BY_NAME = frozenset({"array_union"})

_MAPS = (exp.Map, exp.MapFromEntries, exp.StrToMap, exp.VarMap)
"""Functions that put a map together and refuse a key that is there twice; `from_json` and casts do not refuse it."""

_MAPS_BY_NAME = frozenset({"map_concat", "transform_keys"})
_KEEP_KEYS = frozenset({"map_filter", "transform_values"})
"""Functions whose result has no other keys than their first argument."""


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
    is_distinct = _has_distinct_keys(node.this) if width == 2 else _has_distinct_elements(node.this, reader)
    return [0] if is_distinct and width in {1, 2} else []


def _has_distinct_keys(node: exp.Expr) -> bool:
    match node:
        case exp.Paren():
            return _has_distinct_keys(node.this)
        case exp.Anonymous(this=str() as name, expressions=[first, *_]) if name.lower() in _KEEP_KEYS:
            return _has_distinct_keys(first)
        case exp.Anonymous(this=str() as name):
            return name.lower() in _MAPS_BY_NAME
        case _:
            return isinstance(node, _MAPS)


def _has_distinct_elements(node: exp.Expr, reader: ExpressionReader) -> bool:
    match node:
        case exp.Paren() | exp.ArraySort():
            return _has_distinct_elements(node.this, reader)
        case exp.MapKeys():
            return _has_distinct_keys(node.this)
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
