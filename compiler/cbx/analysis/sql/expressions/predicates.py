"""Reads conditions, conjunct by conjunct."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.facts import DOUBTFUL
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.conditions import is_value
from cbx.analysis.relation.relations import Ids
from cbx.analysis.relation.values_apart import are_different
from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal
from cbx.analysis.sql.expressions.periods import read_periods
from cbx.analysis.types.value_types import compare_exactly, has_few_digits, is_whole
from cbx.parse.types import normal_type

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.RegexpLike)
"""Conditions that do not hold where a side is NULL."""

_OPPOSITES: dict[type[exp.Expr], type[exp.Binary]] = {
    exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.LT: exp.GTE, exp.GTE: exp.LT, exp.GT: exp.LTE, exp.LTE: exp.GT,
}  # fmt: skip
"""What holds where a comparison is false."""

_OPERATORS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.NEQ: ("<>", "<>"), exp.LT: ("<", ">"), exp.LTE: ("<=", ">="), exp.GT: (">", "<"), exp.GTE: (">=", "<="),
}  # fmt: skip
"""How comparisons are spelled, and how with their sides the other way round."""

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
        elif isinstance(one, exp.Not) and (apart := _split_not_in(one.this.unnest())):
            pending += apart
        elif not _always_holds(one):
            conjuncts.append(one)
    return (*(_read_predicate(one, reader) for one in conjuncts), *read_periods(conjuncts, reader))


def _split_not_in(node: exp.Expr) -> list[exp.Expr]:
    """The comparisons that together say that something is none of some literals; none for any other condition."""
    if not isinstance(node, exp.In) or node.args.get("query") or not node.expressions:
        return []
    if any((text := literal(one)) is None or text.text is None for one in node.expressions):
        return []
    return [exp.NEQ(this=node.this.copy(), expression=one.copy()) for one in node.expressions]


def _always_holds(node: exp.Expr) -> bool:
    """Whether a condition leaves nothing out: ``TRUE``, or ``1 = 1``."""
    if isinstance(node, exp.EQ):
        left, right = literal(node.this), literal(node.expression)
        return left is not None and left.text is not None and left == right
    return isinstance(node, exp.Boolean) and bool(node.this)


def _never_holds(node: exp.Expr) -> bool:
    """Whether a condition leaves everything out: ``FALSE``, ``NULL``, or ``1 = 0``."""
    if isinstance(node, exp.EQ):
        left, right = literal(node.this), literal(node.expression)
        is_known = left is not None and right is not None and None not in (left.text, right.text)
        return is_known and are_different(left.text, right.text)  # type: ignore[union-attr]
    return isinstance(node, exp.Null) or (isinstance(node, exp.Boolean) and not node.this)


def _read_predicate(node: exp.Expr, reader: ExpressionReader) -> ir.Predicate:  # noqa: C901, PLR0912 - a case for each kind
    if _never_holds(node):
        return ir.Never()
    match node:
        case exp.Binary() if isinstance(node.expression, exp.SubqueryPredicate):
            value = reader.read(node)
            return ir.Condition(ir.reads_of(value), is_deterministic=False)
        case exp.NullSafeEQ(this=tested, expression=exp.Null()) | exp.NullSafeEQ(this=exp.Null(), expression=tested):
            return _read_null_test(tested, reader, wants_null=True)
        case exp.EQ(this=left, expression=right) | exp.NullSafeEQ(this=left, expression=right):
            return _read_equality(node, left, right, reader)
        case exp.In(this=left, expressions=[right]) if not node.args.get("query"):
            return _read_equality(node, left, right, reader)
        case exp.In(this=left, expressions=[_, _, *_]) if not node.args.get("query"):
            return _read_in(node, left, reader) or _read_other(node, reader)
        case exp.Is(this=tested, expression=exp.Null()) | exp.Anonymous(this="isnull", expressions=[tested]):
            return _read_null_test(tested, reader, wants_null=True)
        case exp.Anonymous(this="isnotnull", expressions=[tested]):
            return _read_null_test(tested, reader, wants_null=False)
        case exp.Is(this=tested, expression=exp.Boolean() as truth):
            return _read_truth_value(tested, reader, wanted=bool(truth.this)) or _read_other(node, reader)
        case exp.Not(this=inner):
            return _read_negation(node, inner.unnest(), reader)
        case (
            exp.LTE(this=tested, expression=exp.Literal(this="1"))
            | exp.LT(this=tested, expression=exp.Literal(this="2"))
        ):
            value = reader.read(tested)
            return ir.AtMostOne(value.column) if isinstance(value, ir.Reference) else _read_other(node, reader)
        case exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            return _read_comparison(node, reader) or _read_other(node, reader)
        case _:
            return _read_truth_value(node, reader, wanted=True) or _read_other(node, reader)


def _read_in(node: exp.In, left: exp.Expr, reader: ExpressionReader) -> ir.Predicate | None:
    """That a column has one of some literals."""
    value = reader.read(left)
    literals = [literal(one) for one in node.expressions]
    known = [_convert_literal(one, left, reader) for one in literals if one is not None and one.text is not None]
    texts = {one.text for one in known if isinstance(one, ir.Constant)}
    if not isinstance(value, ir.Reference) or len(known) < len(literals):
        return None
    if not all(isinstance(one, ir.Constant) for one in known) or not all(
        _comparable(left, one, reader) for one in node.expressions
    ):
        return None
    return ir.OneOfValues(value.column, frozenset(text for text in texts if text is not None))


def _read_comparison(node: exp.Binary, reader: ExpressionReader) -> ir.Predicate | None:
    """That a column is less than a literal, or anything of the kind."""
    for side, other, which in ((node.this, node.expression, 0), (node.expression, node.this, 1)):
        value, constant = reader.read(side), literal(other)
        if isinstance(value, ir.Reference) and constant is not None and constant.text is not None:
            return ir.Comparison(value.column, _OPERATORS[type(node)][which], constant.text)
    return None


def _read_negation(node: exp.Not, inner: exp.Expr, reader: ExpressionReader) -> ir.Predicate:
    match inner:
        case exp.Is(this=tested, expression=exp.Null()):
            return _read_null_test(tested, reader, wants_null=False)
        case exp.Not(this=twice):
            return _read_predicate(twice.unnest(), reader)
        case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            return _read_predicate(_OPPOSITES[type(inner)](this=inner.this, expression=inner.expression), reader)
        case _:
            return _read_truth_value(inner, reader, wanted=False) or _read_other(node, reader)


def _read_truth_value(node: exp.Expr, reader: ExpressionReader, *, wanted: bool) -> ir.Predicate | None:
    """That a column of truth values has one of them; None for anything else."""
    if type_of(node, reader) != "BOOLEAN":
        return None
    value = reader.read(node)
    return ir.Equal(value, _TRUTHS[wanted]) if isinstance(value, ir.Reference) else None


def _read_equality(node: exp.Expr, left: exp.Expr, right: exp.Expr, reader: ExpressionReader) -> ir.Predicate:
    one, other = reader.read(left), reader.read(right)
    is_null_safe = isinstance(node, exp.NullSafeEQ)
    if not _is_steady(one) or not _is_steady(other):
        return _make_condition(one, other, is_null_safe)
    moment = _read_time_equal_to_date(node, left, right, reader)
    if moment is not None:
        return moment
    if not _comparable(left, right, reader):
        return _make_condition(one, other, is_null_safe)
    one, other = _convert_literal(one, right, reader), _convert_literal(other, left, reader)
    return ir.Equal(one, other, is_null_safe)


def _read_time_equal_to_date(
    node: exp.Expr, left: exp.Expr, right: exp.Expr, reader: ExpressionReader
) -> ir.Predicate | None:
    """A time that equals a date: the date fixes it, and not the other way round, as a zone may have skipped a day."""
    for date, time in ((left, right), (right, left)):
        if (type_of(date, reader), type_of(time, reader)) == ("DATE", "TIMESTAMP"):
            value, moment = reader.read(date), reader.read(time)
            if isinstance(value, ir.Reference) and isinstance(moment, ir.Reference):
                start = ir.Computed(f"time of #{value.column}", frozenset({value.column}))
                return ir.Equal(moment, start, isinstance(node, exp.NullSafeEQ))
    return None


def _convert_literal(value: ir.Expression, other: exp.Expr, reader: ExpressionReader) -> ir.Expression:
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
    """Whether equality says that both are the same value; a literal is cast where it stands, once for all rows."""
    for one, other in ((left, right), (right, left)):
        constant = literal(one)
        if constant is not None and constant.text is not None:
            return _equals_one_value(type_of(one, reader), type_of(other, reader))
    if any(isinstance(one, exp.Collate) for side in (left, right) for one in side.walk()):
        return False
    return compare_exactly(type_of(left, reader), type_of(right, reader))


def _equals_one_value(literal_type: str | None, kind: str | None) -> bool:
    """Whether one value of a type at most equals a literal.

    A literal is cast to the type of the other side, unless that type is the narrower one: then the other side is, and
    several values of it may become one. Spark compares a DECIMAL with a text as DOUBLE.
    """
    if kind is None:
        return literal_type != "DOUBLE"
    normal = normal_type(kind) or kind
    if DOUBTFUL in {kind, literal_type} or "COLLATE" in normal:
        return False
    if literal_type == "STRING":
        return not normal.startswith("DECIMAL") or has_few_digits(normal)
    if normal in {"FLOAT", "DOUBLE"}:
        return literal_type != "BOOLEAN"
    if literal_type == "DOUBLE":
        return has_few_digits(normal)
    return compare_exactly(kind, literal_type)


def _make_condition(one: ir.Expression, other: ir.Expression, is_null_safe: bool) -> ir.Condition:  # noqa: FBT001 - the field's
    not_null = ir.NONE if is_null_safe else _columns(one) | _columns(other)
    if is_null_safe:
        not_null = frozenset().union(
            *(_columns(mine) for mine, theirs in ((one, other), (other, one)) if is_value(theirs))
        )
    return ir.Condition(
        ir.reads_of(one) | ir.reads_of(other), not_null, _is_deterministic(one) and _is_deterministic(other)
    )


def _read_null_test(tested: exp.Expr, reader: ExpressionReader, *, wants_null: bool) -> ir.Predicate:
    value = reader.read(tested)
    if isinstance(value, ir.Reference):
        return ir.IsNull(value.column) if wants_null else ir.NotNull(value.column)
    return ir.Condition(ir.reads_of(value), is_deterministic=_is_deterministic(value))


def _read_other(node: exp.Expr, reader: ExpressionReader) -> ir.Condition:
    value = reader.read(node)
    sides = []
    if isinstance(node, _COMPARISONS):
        sides = [node.this, node.expression]
    elif isinstance(node, (exp.In, exp.Between)):
        sides = [node.this]
    not_null: Ids = frozenset().union(*(_columns(reader.read(side)) for side in sides))
    signature, is_negated = _split_negation(node, reader)
    return ir.Condition(ir.reads_of(value), not_null, _is_deterministic(value), signature, is_negated)


def _split_negation(node: exp.Expr, reader: ExpressionReader) -> tuple[str, bool]:
    """The signature of a condition without its negation, and whether it is negated: ``a <= b`` is ``NOT a > b``."""
    if isinstance(node, exp.Not):
        signature, is_negated = _split_negation(node.this.unnest(), reader)
        return signature, not is_negated
    if isinstance(node, (exp.LTE, exp.GTE, exp.NEQ)):
        opposite = _OPPOSITES[type(node)]()
        opposite.args.update({"this": node.this, "expression": node.expression})
        return reader.signature(opposite), True
    if node.args.get("negate"):
        plain = type(node)()
        plain.args.update({name: value for name, value in node.args.items() if name != "negate"})
        return reader.signature(plain), True
    return reader.signature(node), False


def _columns(expression: ir.Expression) -> Ids:
    return frozenset({expression.column}) if isinstance(expression, ir.Reference) else ir.NONE


def _is_steady(expression: ir.Expression) -> bool:
    """Whether an expression gives one value for equal columns while the query runs, as the result of a query does."""
    if not isinstance(expression, ir.Computed) or expression.is_deterministic:
        return True
    return expression.is_steady and bool(expression.queries) and not expression.reads


def _is_deterministic(expression: ir.Expression) -> bool:
    return not isinstance(expression, ir.Computed) or expression.is_deterministic
