"""Which types of the engine are not those of Spark.

The engine that answers for plans gives some expressions another type than Spark does; found by comparing some 230
expressions on both. A literal takes part in decimal arithmetic with all the digits of its type, where Spark takes those
that it has; branches of different types become the first one's; a difference of dates is a BIGINT.
"""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.sql.expression_types import type_of
from cbx.analysis.sql.expressions import ExpressionReader
from cbx.analysis.tracing.plan.expressions import Reading

_WHOLE = frozenset({"TINYINT", "SMALLINT", "INT", "BIGINT"})
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv)
_ALWAYS = (exp.DateDiff, exp.TsOrDsDiff, exp.ApproxQuantile)
_BRANCHES = (exp.If, exp.Case, exp.Nvl2)


def note_doubt(column: int, node: exp.Expr, reader: ExpressionReader, reading: Reading) -> None:
    """Remember a new column whose type the engine may have got wrong, or which is made of such a column."""
    if any(_is_doubtful(one, reader, reading.doubtful) for one in node.walk()):
        reading.doubtful.add(column)


def _is_doubtful(node: exp.Expr, reader: ExpressionReader, doubtful: set[int]) -> bool:
    if isinstance(node, exp.Column):
        field = reader.field(node)
        return field is not None and field.id in doubtful
    if isinstance(node, _ARITHMETIC):
        kinds = {type_of(node.this, reader), type_of(node.expression, reader)}
        return not (kinds <= _WHOLE or "DOUBLE" in kinds or (not isinstance(node, exp.Div) and _is_plain(node, kinds)))
    if isinstance(node, _BRANCHES):
        return len({type_of(one, reader) for one in _values(node)}) > 1
    return isinstance(node, _ALWAYS)


def _is_plain(node: exp.Binary, kinds: set[str | None]) -> bool:
    """Whether columns are added or multiplied, whole numbers and decimals: no literal, and nothing unknown."""
    is_numeric = all(one is not None and (one in _WHOLE or one.startswith("DECIMAL")) for one in kinds)
    return is_numeric and not any(_is_literal(one) for one in (node.this, node.expression))


def _is_literal(node: exp.Expr) -> bool:
    """Whether a number stands there as it is, with a sign or the letter of a type."""
    inner = node.this if isinstance(node, (exp.Neg, exp.Paren, exp.Cast)) else node
    return isinstance(inner, exp.Literal)


def _values(node: exp.Expr) -> list[exp.Expr]:
    """What the branches of a condition give; NULL goes with any type."""
    if isinstance(node, exp.Case):
        found = [*(one.args.get("true") for one in node.args["ifs"]), node.args.get("default")]
    else:
        found = [node.args.get("true"), node.args.get("false")]
    return [one for one in found if isinstance(one, exp.Expr) and not isinstance(one, exp.Null)]
