"""Finds the columns without which a condition does not hold: those in which it rejects NULL.

The three-valued logic of SQL decides it: a comparison, and each function of `_STRICT`, is NULL if one of its operands
is, and a condition that is NULL does not hold. "Null-rejecting" is the term of the literature on outer joins: C.
Galindo-Legaria, A. Rosenthal, "Outerjoin simplification and reordering for query optimization", TODS 22 (1997).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.conditions import is_never_null, non_null_in_rows
from cbx.analysis.relation.needs import NEVER, NOTHING, Needs, need_all, need_any
from cbx.analysis.relation.relation_walks import nodes_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal
from cbx.analysis.sql.trees.understood import classes

STRICT = classes({
    "operators": (
        "Add BitwiseAnd BitwiseOr BitwiseXor Bracket Collate Concat Contains DPipe Div Dot EQ EndsWith Escape GT GTE "
        "ILike IntDiv LT LTE Like Mod Mul NEQ Neg RegexpLike SafeAdd SafeDivide SafeMultiply SafeSubtract StartsWith "
        "Sub"
    ),
    "numbers": "Abs Ceil Floor Pow Round Sign Sqrt",
    "texts": (
        "Initcap JSONExtract JSONExtractScalar Left Length Lower MD5 Pad RegexpExtract RegexpReplace Repeat Replace "
        "RegexpSplit Reverse Right SHA SHA2 SplitPart Substring SubstringIndex Translate Trim Upper"
    ),
    "times": (
        "AddMonths AtTimeZone DateDiff DateTrunc Day DayOfMonth DayOfWeek DayOfYear Extract FromTimeZone Hour "
        "LastDay Minute Month MonthsBetween Quarter Second StrToTime StrToUnix TimeStrToTime TimeToStr "
        "TimestampAdd TimestampDiff TimestampTrunc TsOrDsAdd TsOrDsToDate UnixToStr WeekOfYear Year"
    ),
    "others": "ArrayContains Cast TryCast",
})  # fmt: skip
"""Operators and functions that are NULL if one of their operands is, whatever the others are."""

Wanted = Literal["TRUE", "FALSE", "NOT NULL"]
"""What an expression shall be."""

_NEGATED: dict[Wanted, Wanted] = {"TRUE": "FALSE", "FALSE": "TRUE", "NOT NULL": "NOT NULL"}
_LOGIC = (exp.And, exp.Or, exp.Between, exp.Is, exp.In, exp.NullSafeEQ, exp.NullSafeNEQ)
_CHOICES = (exp.Case, exp.Coalesce, exp.Greatest, exp.If, exp.Least, exp.Nvl2)


def needed_columns(
    node: exp.Expr, reader: ExpressionReader, wanted: Wanted, *, ignored: frozenset[str] = frozenset()
) -> Needs:
    """The columns that are not NULL in a row where an expression is what is wanted.

    Args:
        node: The expression.
        reader: Reads its columns.
        wanted: What it shall be.
        ignored: Literals that count as NULL where an expression chooses among values.

    Example:
        ``upper(city) = 'ROME' OR number > 7`` is true only where ``city`` or ``number`` is not NULL; for
        ``city IS NULL`` and ``coalesce(city, 'none') = 'ROME'`` no column has to be.
    """
    return _NullLogic(reader, ignored).need(node, wanted)


@dataclass(frozen=True, slots=True)
class _NullLogic:
    reader: ExpressionReader
    ignored: frozenset[str]

    def need(self, node: exp.Expr | None, wanted: Wanted = "NOT NULL") -> Needs:
        if node is None:
            return NOTHING
        constant = literal(node)
        if constant is not None:
            is_other = constant.text is None or constant.text == {"TRUE": "FALSE", "FALSE": "TRUE"}.get(wanted)
            return NEVER if is_other or constant.text in self.ignored else NOTHING
        match node:
            case exp.Paren(this=inner) | exp.Alias(this=inner):
                return self.need(inner, wanted)
            case exp.Not(this=inner):
                return self.need(inner, _NEGATED[wanted])
            case exp.Column():
                return (ir.reads_of(self.reader.read(node)),)
            case _ if isinstance(node, _LOGIC) and wanted == "NOT NULL":
                return need_any([self.need(node, "TRUE"), self.need(node, "FALSE")])
            case _ if isinstance(node, _LOGIC):
                return self._need_of_condition(node, wanted)
            case exp.Exists(this=exp.Query() as query) if wanted == "TRUE":
                return (self._need_of_row(self.reader.relation_of_query(query)),)
            case _:
                return self._column_of(node) or self._need_of_value(node, wanted)

    def _need_of_condition(self, node: exp.Expr, wanted: Wanted) -> Needs:
        is_true = wanted == "TRUE"
        match node:
            case exp.And() | exp.Or():
                combine = need_all if isinstance(node, exp.And) == is_true else need_any
                return combine(self.need(part, wanted) for part in node.flatten())
            case exp.Between(this=tested, args={"low": low, "high": high}):
                ends = [self.need(low), self.need(high)]
                return need_all([self.need(tested), *(ends if is_true else [need_any(ends)])])
            case exp.Is(this=tested, expression=exp.Null()):
                return NOTHING if is_true else self.need(tested)
            case exp.Is(this=tested, expression=exp.Boolean() as truth):
                return self.need(tested, "TRUE" if truth.this else "FALSE") if is_true else NOTHING
            case exp.In(this=tested, expressions=[_, *_] as values):
                combine = need_any if is_true else need_all
                return need_all([self.need(tested), combine(map(self.need, values))])
            case exp.In(this=tested):
                return self.need(tested) if is_true else NOTHING
            case exp.NullSafeEQ() | exp.NullSafeNEQ():
                is_equal = isinstance(node, exp.NullSafeEQ) == is_true
                return self._need_of_equal(node) if is_equal else need_any(map(self.need, (node.this, node.expression)))
            case _:
                return NOTHING

    def _need_of_row(self, query: ir.Relation) -> Ids:
        """The columns around a query that are not NULL if it returns a row."""
        return non_null_in_rows(query) - NONE.union({field.id for node in nodes_of(query) for field in node.fields})

    def _need_of_equal(self, node: exp.Expr) -> Needs:
        """What two values need that are equal, or both NULL."""
        pairs = ((node.this, node.expression), (node.expression, node.this))
        return need_all(self.need(mine) for mine, theirs in pairs if is_never_null(self.reader.read(theirs)))

    def _need_of_value(self, node: exp.Expr, wanted: Wanted) -> Needs:
        match node:
            case exp.Binary(expression=exp.SubqueryPredicate()):
                return NOTHING
            case exp.Nullif(this=value):
                return self.need(value)
            case exp.Anonymous(this=str() as name, expressions=[tested]):
                is_test = (name.lower(), wanted) in {("isnull", "FALSE"), ("isnotnull", "TRUE")}
                return self.need(tested) if is_test else NOTHING
            case _ if isinstance(node, _CHOICES):
                return need_any(self._need_of_choices(node, wanted))
            case _ if type(node) in STRICT:
                return need_all(map(self._without_ignored().need, node.iter_expressions()))
            case _:
                return NOTHING

    def _need_of_choices(self, node: exp.Expr, wanted: Wanted) -> list[Needs]:
        """What each choice of an expression that chooses a value needs: its condition, and the value."""
        plain = self._without_ignored()
        match node:
            case exp.Case(args={"ifs": branches}):
                tested = plain.need(node.this) if node.this else NOTHING
                met: Wanted = "NOT NULL" if node.this else "TRUE"
                conditions = [need_all([tested, plain.need(branch.this, met)]) for branch in branches]
                values = [branch.args.get("true") for branch in branches]
                other = node.args.get("default")
            case exp.If() | exp.Nvl2():
                conditions = [plain.need(node.this, "TRUE" if isinstance(node, exp.If) else "NOT NULL")]
                values, other = [node.args.get("true")], node.args.get("false")
            case _:
                return [self.need(value, wanted) for value in (node.this, *node.expressions)]
        pairs = zip(conditions, values, strict=True)
        chosen = [need_all([condition, self.need(value, wanted)]) for condition, value in pairs]
        return [*chosen, self.need(other, wanted) if other else NEVER]

    def _without_ignored(self) -> _NullLogic:
        return replace(self, ignored=frozenset())

    def _column_of(self, node: exp.Expr) -> Needs | None:
        """The column that holds the value already: that of a group, an aggregate, or both sides of a full join."""
        if not self.reader.columns_by_signature and not isinstance(node, exp.Coalesce):
            return None
        value = self.reader.read(node)
        return (frozenset({value.column}),) if isinstance(value, ir.Reference) else None
