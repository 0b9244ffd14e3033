"""Reads conditions, conjunct by conjunct."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE
from cbx.analysis.relation.conditions import non_null_columns
from cbx.analysis.relation.disjoint_values import are_different
from cbx.analysis.relation.needs import needed_by_all
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal
from cbx.analysis.sql.expressions.null_rejection import needed_columns
from cbx.analysis.sql.expressions.periods import read_periods
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of
from cbx.analysis.types.value_types import compare_exactly, has_few_digits, is_whole
from cbx.parse.databricks_sql.types import normal_type

_OPPOSITES: dict[type[exp.Expr], type[exp.Binary]] = {
    exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.LT: exp.GTE, exp.GTE: exp.LT, exp.GT: exp.LTE, exp.LTE: exp.GT,
}  # fmt: skip
"""The negation of each comparison."""

_OPERATORS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.NEQ: ("<>", "<>"), exp.LT: ("<", ">"), exp.LTE: ("<=", ">="), exp.GT: (">", "<"), exp.GTE: (">=", "<="),
}  # fmt: skip
"""The operators of comparisons, and those with the sides swapped."""

_TRUTHS = {True: ir.Constant("TRUE"), False: ir.Constant("FALSE")}


def read_predicates(condition: exp.Expr | None, reader: ExpressionReader) -> tuple[ir.Predicate, ...]:
    """Read the conjuncts of a condition; those that are always true are omitted."""
    conjuncts = split_conjuncts(condition)
    read = (predicate for conjunct in conjuncts for predicate in _read_conjunct(conjunct, reader))
    return (*read, *read_periods(conjuncts, reader))


def _read_conjunct(node: exp.Expr, reader: ExpressionReader) -> list[ir.Predicate]:
    """Read a conjunct, and what it says of NULL beyond that: ``upper(a) = 'X'`` holds only where ``a`` is not NULL."""
    predicate = _read_predicate(node, reader)
    needs = needed_columns(node, reader, "TRUE")
    if isinstance(predicate, ir.Condition):
        return [replace(predicate, needs=needs)]
    if len(needs) > 1:
        return [predicate, ir.Condition(NONE.union(*needs), needs)]
    return [predicate, *map(ir.NotNull, sorted(needed_by_all(needs) - non_null_columns(predicate)))]


def split_conjuncts(condition: exp.Expr | None) -> list[exp.Expr]:
    """The conjuncts of a condition, without those that are always true."""
    conjuncts: list[exp.Expr] = []
    pending = [condition] if condition is not None else []
    while pending:
        conjunct = pending.pop().unnest()
        if isinstance(conjunct, exp.And):
            pending += [conjunct.expression, conjunct.this]
        elif isinstance(conjunct, exp.Not) and (apart := _split_not_in(conjunct.this.unnest())):
            pending += apart
        elif not _always_holds(conjunct):
            conjuncts.append(conjunct)
    return conjuncts


def _split_not_in(node: exp.Expr) -> list[exp.Expr]:
    """Split ``x NOT IN (1, 2)`` into ``x <> 1`` and ``x <> 2``; empty for any other condition."""
    if not isinstance(node, exp.In) or node.args.get("query") or not node.expressions:
        return []
    if any((text := literal(value)) is None or text.text is None for value in node.expressions):
        return []
    return [exp.NEQ(this=node.this.copy(), expression=value.copy()) for value in node.expressions]


def _always_holds(node: exp.Expr) -> bool:
    """Whether a condition is always true: ``TRUE``, or ``1 = 1``."""
    if isinstance(node, exp.EQ):
        left, right = literal(node.this), literal(node.expression)
        return left is not None and left.text is not None and left == right
    return isinstance(node, exp.Boolean) and bool(node.this)


def _never_holds(node: exp.Expr) -> bool:
    """Whether a condition is never true: ``FALSE``, ``NULL``, or ``1 = 0``."""
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
    """Read ``column IN (1, 2)``; None where it is not supported."""
    value = reader.read(left)
    literals = [literal(item) for item in node.expressions]
    converted = [
        _convert_literal(constant, left, reader)
        for constant in literals
        if constant is not None and constant.text is not None
    ]
    texts = {constant.text for constant in converted if isinstance(constant, ir.Constant)}
    if not isinstance(value, ir.Reference) or len(converted) < len(literals):
        return None
    if not all(isinstance(constant, ir.Constant) for constant in converted) or not all(
        _comparable(left, item, reader) for item in node.expressions
    ):
        return None
    return ir.OneOfValues(value.column, frozenset(text for text in texts if text is not None))


def _read_comparison(node: exp.Binary, reader: ExpressionReader) -> ir.Predicate | None:
    """Read a comparison of a column with a literal; None for any other comparison."""
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
    """Read a BOOLEAN column as a condition; None for anything else."""
    if type_of(node, reader) != "BOOLEAN":
        return None
    value = reader.read(node)
    return ir.Equal(value, _TRUTHS[wanted]) if isinstance(value, ir.Reference) else None


def _read_equality(node: exp.Expr, left: exp.Expr, right: exp.Expr, reader: ExpressionReader) -> ir.Predicate:
    left_value, right_value = reader.read(left), reader.read(right)
    is_null_safe = isinstance(node, exp.NullSafeEQ)
    if not _is_stable(left_value) or not _is_stable(right_value):
        return _make_condition(left_value, right_value)
    moment = _read_time_equal_to_date(node, left, right, reader)
    if moment is not None:
        return moment
    if not _comparable(left, right, reader):
        return _make_condition(left_value, right_value)
    left_value, right_value = _convert_literal(left_value, right, reader), _convert_literal(right_value, left, reader)
    return ir.Equal(left_value, right_value, is_null_safe)


def _read_time_equal_to_date(
    node: exp.Expr, left: exp.Expr, right: exp.Expr, reader: ExpressionReader
) -> ir.Predicate | None:
    """Read the equality of a TIMESTAMP and a DATE; None for any other equality.

    The date determines the time. The time does not determine the date, since some time zones skipped a day.
    """
    for date, time in ((left, right), (right, left)):
        if (type_of(date, reader), type_of(time, reader)) == ("DATE", "TIMESTAMP"):
            value, moment = reader.read(date), reader.read(time)
            if isinstance(value, ir.Reference) and isinstance(moment, ir.Reference):
                start = ir.Computed(f"time of #{value.column}", frozenset({value.column}))
                return ir.Equal(moment, start, isinstance(node, exp.NullSafeEQ))
    return None


def _convert_literal(value: ir.Expression, other: exp.Expr, reader: ExpressionReader) -> ir.Expression:
    """A literal as a value of the type of the other side; opaque where its spelling in that type may differ."""
    if not isinstance(value, ir.Constant) or value.text is None:
        return value
    kind = type_of(other, reader)
    if value.text.startswith("'"):
        is_exact = kind == "STRING"
    elif value in _TRUTHS.values():
        is_exact = kind in {None, "BOOLEAN"}
    else:
        is_exact = kind is None or is_whole(kind)
    return value if is_exact else ir.Computed(value.text, NONE, not_null=True)


def _comparable(left: exp.Expr, right: exp.Expr, reader: ExpressionReader) -> bool:
    """Whether equality implies that both sides are the same value. A literal is cast once for all rows."""
    for side, other in ((left, right), (right, left)):
        constant = literal(side)
        if constant is not None and constant.text is not None:
            return _equals_one_value(type_of(side, reader), type_of(other, reader))
    return compare_exactly(type_of(left, reader), type_of(right, reader))


def _equals_one_value(literal_type: str | None, kind: str | None) -> bool:
    """Whether at most one value of a type equals a literal.

    A literal is cast to the type of the other side, unless that type is narrower: then the other side is cast, and
    several of its values may become equal. Spark compares a DECIMAL with a STRING as DOUBLE.
    """
    if kind is None:
        return literal_type != "DOUBLE"
    normal = normal_type(kind) or kind
    if UNKNOWN_TYPE in {kind, literal_type} or "COLLATE" in normal:
        return False
    if literal_type == "STRING":
        return not normal.startswith("DECIMAL") or has_few_digits(normal)
    if normal in {"FLOAT", "DOUBLE"}:
        return literal_type != "BOOLEAN"
    if literal_type == "DOUBLE":
        return has_few_digits(normal)
    return compare_exactly(kind, literal_type)


def _make_condition(left: ir.Expression, right: ir.Expression) -> ir.Condition:
    return ir.Condition(
        ir.reads_of(left) | ir.reads_of(right), is_deterministic=_is_deterministic(left) and _is_deterministic(right)
    )


def _read_null_test(tested: exp.Expr, reader: ExpressionReader, *, wants_null: bool) -> ir.Predicate:
    value = reader.read(tested)
    if isinstance(value, ir.Reference):
        return ir.IsNull(value.column) if wants_null else ir.NotNull(value.column)
    return ir.Condition(ir.reads_of(value), is_deterministic=_is_deterministic(value))


def _read_other(node: exp.Expr, reader: ExpressionReader) -> ir.Condition:
    value = reader.read(node)
    signature, is_negated = _split_negation(node, reader)
    return ir.Condition(
        ir.reads_of(value), is_deterministic=_is_deterministic(value), signature=signature, is_negated=is_negated
    )


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


def _is_stable(expression: ir.Expression) -> bool:
    """Whether an expression has one value for equal columns while the query runs, as an uncorrelated subquery has."""
    if not isinstance(expression, ir.Computed) or expression.is_deterministic:
        return True
    return expression.is_stable and bool(expression.queries) and not expression.reads


def _is_deterministic(expression: ir.Expression) -> bool:
    return not isinstance(expression, ir.Computed) or expression.is_deterministic
