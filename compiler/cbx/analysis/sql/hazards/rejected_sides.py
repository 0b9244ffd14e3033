"""Finds conditions that no row without a match fulfils, so that an outer join becomes an inner one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.hazards import RejectedSide
from cbx.analysis.relation.outer_sides import outer_sides
from cbx.analysis.relation.relations import Ids, Relation
from cbx.analysis.sql.expressions.expressions import ExpressionReader, visible_nodes
from cbx.analysis.sql.expressions.predicates import split_conjuncts
from cbx.analysis.sql.trees.query_spans import place_of

_COMPARISONS = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.RegexpLike, exp.StartsWith,
    exp.EndsWith, exp.Contains,
)  # fmt: skip
_NULL_IF_ANY_IS = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Abs, exp.Round, exp.Ceil, exp.Floor, exp.Cast,
    exp.TryCast, exp.Paren, exp.Upper, exp.Lower, exp.Trim, exp.Concat, exp.DPipe, exp.Length, exp.Substring, exp.Year,
    exp.Month, exp.Day, exp.DateTrunc, exp.TimestampTrunc, exp.TsOrDsToDate, exp.DateAdd, exp.DateSub, exp.TsOrDsAdd,
    exp.DateDiff,
)  # fmt: skip
"""Expressions that are NULL if one of their parts is."""


def rejected_sides(condition: exp.Expr, relation: Relation, reader: ExpressionReader) -> list[RejectedSide]:
    """The sides of outer joins below a condition that need a match to fulfil it, with the conjunct that says so.

    A side of which the condition tests a column for NULL is not among them: who asks knows of the rows without a match.

    Example:
        ``WHERE b.x > 1`` over ``a LEFT JOIN b``; but not ``WHERE b.x > 1 OR b.id IS NULL``.
    """
    rejected = []
    for side in outer_sides(relation):
        logic = _LogicOfNulls(side.columns, reader)
        if logic.tests_for_null(condition):
            continue
        conjunct = next((part for part in split_conjuncts(condition) if logic.is_never(True, part)), None)
        if conjunct is not None:
            rejected.append(RejectedSide(place_of(conjunct), side.join, side.side))
    return rejected


@dataclass(frozen=True, slots=True)
class _LogicOfNulls:
    """What is certain of conditions if some columns are all NULL."""

    nulls: Ids
    reader: ExpressionReader

    def is_never(self, value: bool, node: exp.Expr) -> bool:  # noqa: FBT001 - reads as `is_never(True, ..)`
        """Whether a condition has never this value: for True, it is false or NULL."""
        match node:
            case exp.Paren(this=inner):
                return self.is_never(value, inner)
            case exp.And(this=left, expression=right) | exp.Or(this=left, expression=right):
                combine = any if isinstance(node, exp.And) == value else all
                return combine(self.is_never(value, part) for part in (left, right))
            case exp.Not(this=inner):
                return self.is_never(not value, inner)
            case exp.Is(this=tested, expression=exp.Boolean()) | exp.In(this=tested) if value:
                return self.is_null(tested)
            case _:
                return self.is_null(node)

    def is_null(self, node: exp.Expr) -> bool:
        """Whether a value is NULL."""
        match node:
            case exp.Column():
                reads = ir.reads_of(self.reader.read(node))
                return bool(reads) and reads <= self.nulls
            case exp.In(this=tested) | exp.Between(this=tested) if not node.args.get("query"):
                return self.is_null(tested)
            case exp.Binary(this=left, expression=right) if isinstance(node, _COMPARISONS):
                return self.is_null(left) or self.is_null(right)
            case _ if isinstance(node, (*_COMPARISONS, *_NULL_IF_ANY_IS)):
                return any(self.is_null(part) for part in node.iter_expressions())
            case _:
                return False

    def tests_for_null(self, node: exp.Expr) -> bool:
        """Whether a condition asks anywhere whether one of the columns is NULL."""
        return any(
            ir.reads_of(self.reader.read(test.this if isinstance(test, exp.Is) else test.expressions[0])) & self.nulls
            for test in visible_nodes(node)
            if (isinstance(test, exp.Is) and isinstance(test.expression, exp.Null))
            or (isinstance(test, exp.Anonymous) and test.name.lower() in {"isnull", "isnotnull"} and test.expressions)
        )
