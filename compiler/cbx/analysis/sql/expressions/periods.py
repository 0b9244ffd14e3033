"""Finds conditions that a time lies between two columns, as in joins with the versions of a row (SCD type 2)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of
from cbx.analysis.types.value_types import compare_exactly

_FLIPPED: dict[type[exp.Expr], type[exp.Binary]] = {exp.GT: exp.LT, exp.GTE: exp.LTE}


def read_periods(conjuncts: Sequence[exp.Expr], reader: ExpressionReader) -> tuple[ir.Within, ...]:
    """The periods in conjuncts.

    Example:
        ``t >= start AND (t < end OR end IS NULL)``, also with ``t < coalesce(end, DATE'9999-12-31')``, and
        ``start < t AND t <= end``. A period with both ends included is no match: adjacent ones would overlap.
    """
    starts = [bound for node in conjuncts for bound in _order_bounds(node) if isinstance(bound, (exp.LT, exp.LTE))]
    ends = [
        bound
        for node in conjuncts
        for bound in _order_bounds(_remove_null_test(node, reader))
        if isinstance(bound, (exp.LT, exp.LTE))
    ]
    periods = []
    for start in starts:
        for end in ends:
            if type(start) is type(end) or start.expression != end.this:
                continue
            within = _read_period(start.this, end.expression, start.expression, reader)
            periods += [within] if within is not None else []
    return tuple(dict.fromkeys(periods))


def _order_bounds(node: exp.Expr) -> list[exp.Expr]:
    """A comparison with ``<`` or ``<=``, the lesser side first; empty for any other condition."""
    flipped = _FLIPPED.get(type(node))
    if flipped is not None and isinstance(node, exp.Binary):
        turned = flipped()
        turned.args.update({"this": node.expression, "expression": node.this})
        return [turned]
    return [node] if isinstance(node, (exp.LT, exp.LTE)) else []


def _remove_null_test(node: exp.Expr, reader: ExpressionReader) -> exp.Expr:
    """A condition without ``OR end IS NULL``."""
    if not isinstance(node, exp.Or):
        return node
    sides: list[exp.Expr] = [node.this.unnest(), node.expression.unnest()]
    for test, other in (sides, sides[::-1]):
        if isinstance(test, exp.Is) and isinstance(test.expression, exp.Null):
            tested = reader.read(test.this)
            bounds = _order_bounds(other)
            if bounds and isinstance(tested, ir.Reference) and reader.read(_end_column(bounds[0].expression)) == tested:
                return other
    return node


def _end_column(node: exp.Expr) -> exp.Expr:
    """The column of an end, without ``coalesce`` with a literal."""
    bare: exp.Expr = node.unnest()
    if isinstance(bare, exp.Coalesce) and len(bare.expressions) == 1:
        default = bare.expressions[0].unnest()
        inner = default.this if isinstance(default, (exp.Cast, exp.Date)) else default
        if literal(inner) is not None:
            bare = bare.this
    return bare


def _read_period(start: exp.Expr, end: exp.Expr, time: exp.Expr, reader: ExpressionReader) -> ir.Within | None:
    first, last, value = reader.read(start), reader.read(_end_column(end)), reader.read(time)
    kinds = [type_of(side, reader) for side in (start, _end_column(end), time)]
    if not isinstance(first, ir.Reference) or not isinstance(last, ir.Reference):
        return None
    if isinstance(value, ir.Computed) and not value.is_deterministic:
        return None
    is_exact = all(kind is not None and compare_exactly(kinds[0], kind) for kind in kinds)
    return ir.Within(ir.reads_of(value), first.column, last.column) if is_exact else None
