"""Reads conditions, conjunct by conjunct."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis import relations as ir
from cbx.analysis.relations import Ids
from cbx.analysis.sql.expression_types import type_of
from cbx.analysis.sql.expressions import ExpressionReader, literal
from cbx.analysis.sql.types import compare_exactly, is_whole

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.RegexpLike)
"""Conditions that do not hold where a side is NULL."""

_TRUTHS = {True: ir.Constant("TRUE"), False: ir.Constant("FALSE")}


def read_predicates(condition: exp.Expr | None, reader: ExpressionReader) -> tuple[ir.Predicate, ...]:
    """The conjuncts of a condition, those left out that always hold."""
    if condition is None:
        return ()
    conjuncts: list[exp.Expr] = []
    pending = [condition]
    while pending:
        one = pending.pop().unnest()
        if isinstance(one, exp.And):
            pending += [one.expression, one.this]
        elif not _always_holds(one):
            conjuncts.append(one)
    return tuple(_predicate(one, reader) for one in conjuncts)


def _always_holds(node: exp.Expr) -> bool:
    """Whether a condition leaves nothing out: ``TRUE``, or ``1 = 1``."""
    if isinstance(node, exp.EQ):
        left, right = literal(node.this), literal(node.expression)
        return left is not None and left.text is not None and left == right
    return isinstance(node, exp.Boolean) and bool(node.this)


def _predicate(node: exp.Expr, reader: ExpressionReader) -> ir.Predicate:
    match node:
        case exp.Binary() if isinstance(node.expression, exp.SubqueryPredicate):
            value = reader.read(node)
            return ir.Condition(ir.reads_of(value), is_deterministic=False)
        case exp.NullSafeEQ(this=tested, expression=exp.Null()) | exp.NullSafeEQ(this=exp.Null(), expression=tested):
            return _null_test(tested, reader, wants_null=True)
        case exp.EQ(this=left, expression=right) | exp.NullSafeEQ(this=left, expression=right):
            return _equality(node, left, right, reader)
        case exp.In(this=left, expressions=[right]) if not node.args.get("query"):
            return _equality(node, left, right, reader)
        case exp.Is(this=tested, expression=exp.Null()) | exp.Anonymous(this="isnull", expressions=[tested]):
            return _null_test(tested, reader, wants_null=True)
        case exp.Anonymous(this="isnotnull", expressions=[tested]):
            return _null_test(tested, reader, wants_null=False)
        case exp.Is(this=tested, expression=exp.Boolean() as truth):
            return _truth(tested, reader, wanted=bool(truth.this)) or _other(node, reader)
        case exp.Not(this=inner):
            return _negated(node, inner.unnest(), reader)
        case (
            exp.LTE(this=tested, expression=exp.Literal(this="1"))
            | exp.LT(this=tested, expression=exp.Literal(this="2"))
        ):
            value = reader.read(tested)
            return ir.AtMostOne(value.column) if isinstance(value, ir.Reference) else _other(node, reader)
        case _:
            return _truth(node, reader, wanted=True) or _other(node, reader)


def _negated(node: exp.Not, inner: exp.Expr, reader: ExpressionReader) -> ir.Predicate:
    match inner:
        case exp.Is(this=tested, expression=exp.Null()):
            return _null_test(tested, reader, wants_null=False)
        case exp.Not(this=twice):
            return _predicate(twice.unnest(), reader)
        case _:
            return _truth(inner, reader, wanted=False) or _other(node, reader)


def _truth(node: exp.Expr, reader: ExpressionReader, *, wanted: bool) -> ir.Predicate | None:
    """That a column of truth values has one of them; None for anything else."""
    if type_of(node, reader) != "BOOLEAN":
        return None
    value = reader.read(node)
    return ir.Equal(value, _TRUTHS[wanted]) if isinstance(value, ir.Reference) else None


def _equality(node: exp.Expr, left: exp.Expr, right: exp.Expr, reader: ExpressionReader) -> ir.Predicate:
    one, other = reader.read(left), reader.read(right)
    if not _is_deterministic(one) or not _is_deterministic(other):
        return _condition(one, other)
    moment = _moment_of_date(node, left, right, reader)
    if moment is not None:
        return moment
    if not _comparable(left, right, reader):
        return _condition(one, other)
    one, other = _as_compared(one, right, reader), _as_compared(other, left, reader)
    return ir.Equal(one, other, isinstance(node, exp.NullSafeEQ))


def _moment_of_date(node: exp.Expr, left: exp.Expr, right: exp.Expr, reader: ExpressionReader) -> ir.Predicate | None:
    """A time that equals a date: the date fixes it, and not the other way round, as a zone may have skipped a day."""
    for date, time in ((left, right), (right, left)):
        if (type_of(date, reader), type_of(time, reader)) == ("DATE", "TIMESTAMP"):
            value, moment = reader.read(date), reader.read(time)
            if isinstance(value, ir.Reference) and isinstance(moment, ir.Reference):
                start = ir.Computed(f"time of #{value.column}", frozenset({value.column}))
                return ir.Equal(moment, start, isinstance(node, exp.NullSafeEQ))
    return None


def _as_compared(value: ir.Expression, other: exp.Expr, reader: ExpressionReader) -> ir.Expression:
    """A literal as the type of the other side has it: only spelled in that type it is told from others by its text."""
    if not isinstance(value, ir.Constant) or value.text is None:
        return value
    kind = type_of(other, reader)
    if value.text.startswith("'"):
        is_exact = kind == "STRING"
    elif value in _TRUTHS.values():
        is_exact = kind in {None, "BOOLEAN"}
    else:
        is_exact = kind is None or is_whole(kind)
    return value if is_exact else ir.Computed(value.text, ir.NONE, not_null=True)


def _comparable(left: exp.Expr, right: exp.Expr, reader: ExpressionReader) -> bool:
    """Whether equality says that both are the same value; a string literal takes the other side's type."""
    for one, other in ((left, right), (right, left)):
        constant = literal(one)
        if constant is not None and constant.text is not None:
            kind = type_of(other, reader)
            return constant.text.startswith("'") or kind is None or not kind.startswith("STRING")
    if any(isinstance(one, exp.Collate) for side in (left, right) for one in side.walk()):
        return False
    first, second = type_of(left, reader), type_of(right, reader)
    is_guess = any(
        kind is None and not isinstance(side.unnest(), exp.Column) for side, kind in ((left, first), (right, second))
    )
    return (first == second or not is_guess) and compare_exactly(first, second)


def _condition(one: ir.Expression, other: ir.Expression) -> ir.Condition:
    return ir.Condition(
        ir.reads_of(one) | ir.reads_of(other),
        _columns(one) | _columns(other),
        _is_deterministic(one) and _is_deterministic(other),
    )


def _null_test(tested: exp.Expr, reader: ExpressionReader, *, wants_null: bool) -> ir.Predicate:
    value = reader.read(tested)
    if isinstance(value, ir.Reference):
        return ir.IsNull(value.column) if wants_null else ir.NotNull(value.column)
    return ir.Condition(ir.reads_of(value), is_deterministic=_is_deterministic(value))


def _other(node: exp.Expr, reader: ExpressionReader) -> ir.Condition:
    value = reader.read(node)
    sides = []
    if isinstance(node, _COMPARISONS):
        sides = [node.this, node.expression]
    elif isinstance(node, (exp.In, exp.Between)):
        sides = [node.this]
    not_null: Ids = frozenset().union(*(_columns(reader.read(side)) for side in sides))
    return ir.Condition(ir.reads_of(value), not_null, _is_deterministic(value))


def _columns(expression: ir.Expression) -> Ids:
    return frozenset({expression.column}) if isinstance(expression, ir.Reference) else ir.NONE


def _is_deterministic(expression: ir.Expression) -> bool:
    return not isinstance(expression, ir.Computed) or expression.is_deterministic
