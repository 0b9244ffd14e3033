"""Finds the conditions under which an expression is never NULL."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from sqlglot import exp

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal, whole_number
from cbx.analysis.sql.expressions.rewrite_as_coalesce import rewrite_as_coalesce
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of
from cbx.analysis.types.type_rules import WHOLE
from cbx.analysis.types.value_types import is_injective_cast

_OF_ALL = (exp.Concat, exp.DPipe, exp.Upper, exp.Lower, exp.Trim, exp.MD5, exp.SHA, exp.Year, exp.Month, exp.Day,
           exp.TsOrDsAdd)  # fmt: skip
"""Functions that return NULL only for a NULL argument."""

_NEVER = (exp.Is, exp.NullSafeEQ, exp.Struct, exp.Array, exp.CurrentDate, exp.CurrentTimestamp)
"""Expressions that are never NULL, whatever they are made of."""

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Add, exp.Sub, exp.Mul)
"""Operators that return NULL only for NULL where neither side is cast to the type of the other with a loss."""

_LENGTHS_OF_SHA2 = {0, 224, 256, 384, 512}
_MOST_CHOICES = 8


def not_null_conditions(node: exp.Expr, reader: ExpressionReader) -> tuple[Ids, ...]:  # noqa: C901, PLR0912 - a case for each kind
    """Sets of columns. The expression is never NULL if all columns of at least one set are never NULL."""
    constant = literal(node)
    if constant is not None:
        return (NONE,) if constant.text is not None else ()
    if reader.columns_by_signature and not isinstance(node, exp.Column):
        # A group, for one, is NULL in the subtotals of other groups, whatever its expression is.
        value = reader.read(node)
        if isinstance(value, ir.Reference):
            return (frozenset({value.column}),)
    if isinstance(node, _NEVER):
        return (NONE,)
    first = rewrite_as_coalesce(node)
    if first is not None:
        return _conditions_of_any([first.this, *first.expressions], reader)
    parts = _parts_of_value(node, reader)
    if parts is not None:
        return _conditions_of_all(parts, reader)
    match node:
        case exp.Paren() | exp.Alias():
            return not_null_conditions(node.this, reader)
        case exp.Column():
            value = reader.read(node)
            return (frozenset({value.column}),) if isinstance(value, ir.Reference) else ()
        case exp.Count() | exp.RowNumber():
            return (NONE,)
        case exp.Greatest() | exp.Least():
            return _conditions_of_any([node.this, *node.expressions], reader)
        case exp.Format() | exp.SHA2() if has_known_length(node):
            return not_null_conditions(node.this, reader)
        case exp.ConcatWs(expressions=[separator, *_]):
            return not_null_conditions(separator, reader)
        case exp.Cast() if _always_succeeds(node, reader):
            return not_null_conditions(node.this, reader)
        case exp.Concat() | exp.DPipe() | exp.Func() if isinstance(node, _OF_ALL):
            return _conditions_of_all(
                [argument for argument in node.iter_expressions() if not isinstance(argument, exp.Var)], reader
            )
        case _:
            return ()


def _parts_of_value(node: exp.Expr, reader: ExpressionReader) -> Sequence[exp.Expr] | None:
    """The parts that make an operator or a choice NULL, if any does; None for any other expression."""
    match node:
        case exp.And() | exp.Or() | exp.Not():
            return [*node.iter_expressions()]
        case exp.Mul() if literal(node.this) and literal(node.expression):
            return [node.this, node.expression]
        case exp.Binary() if isinstance(node, _COMPARISONS) and _are_of_one_kind(node, reader):
            return [node.this, node.expression]
        case exp.Case(args={"ifs": branches, "default": exp.Expr() as default}):
            values = [branch.args.get("true") for branch in branches]
            return [*values, default] if all(isinstance(value, exp.Expr) for value in values) else None
        case exp.If(args={"true": exp.Expr() as chosen, "false": exp.Expr() as other}):
            return [chosen, other]
        case _:
            return None


def _are_of_one_kind(node: exp.Binary, reader: ExpressionReader) -> bool:
    """Whether both sides have one type, or are whole numbers: then none is cast in a way that may fail."""
    kinds = {type_of(node.this, reader), type_of(node.expression, reader)}
    is_comparison = not isinstance(node, (exp.Add, exp.Sub, exp.Mul))
    return kinds <= {*WHOLE} or (is_comparison and len(kinds) == 1 and not kinds & {None, UNKNOWN_TYPE})


def _always_succeeds(node: exp.Cast, reader: ExpressionReader) -> bool:
    """Whether a cast gives NULL for NULL only; one of a VARIANT also does for the null that it may contain."""
    source, target = type_of(node.this, reader), type_of(node, reader)
    is_variant = source in {None, UNKNOWN_TYPE, "VARIANT"}
    return (target == "STRING" and not is_variant) or is_injective_cast(source, target)


def has_known_length(node: exp.Expr) -> bool:
    """Whether a call is none of ``sha2`` with a length that it does not know, for which it is NULL."""
    return not isinstance(node, exp.SHA2) or whole_number(node.args.get("length")) in _LENGTHS_OF_SHA2


def _conditions_of_any(nodes: Sequence[exp.Expr], reader: ExpressionReader) -> tuple[Ids, ...]:
    """The conditions under which at least one node is never NULL."""
    conditions = dict.fromkeys(condition for node in nodes for condition in not_null_conditions(node, reader))
    return tuple(conditions)[:_MOST_CHOICES]


def _conditions_of_all(nodes: Sequence[exp.Expr], reader: ExpressionReader) -> tuple[Ids, ...]:
    """The conditions under which no node is NULL."""
    choices = (not_null_conditions(node, reader) for node in nodes)
    conditions = dict.fromkeys(frozenset[int]().union(*chosen) for chosen in itertools.product(*choices))
    return tuple(conditions)[:_MOST_CHOICES]
