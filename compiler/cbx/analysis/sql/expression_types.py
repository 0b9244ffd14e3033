"""The type of an expression, where it follows from the SQL reference without doubt."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.sql.cast_types import cast_type
from cbx.analysis.sql.expressions import ExpressionReader
from cbx.parse.types import normal_type

_BOOLEAN = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.Is, exp.In, exp.Between, exp.Like,
    exp.ILike, exp.RegexpLike, exp.And, exp.Or, exp.Not, exp.Exists, exp.Boolean,
)  # fmt: skip
_STRING = (
    exp.ConcatWs, exp.Upper, exp.Lower, exp.Trim, exp.Initcap, exp.MD5, exp.SHA, exp.SHA2, exp.TimeToStr, exp.UnixToStr,
    exp.RegexpExtract, exp.RegexpReplace, exp.SplitPart, exp.Translate,
)  # fmt: skip
_STRING_OF_STRINGS = (exp.Concat, exp.DPipe, exp.Substring, exp.Left, exp.Right)
_INT = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Year, exp.Month, exp.Day, exp.Length)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Mod)
_WHOLE = ("TINYINT", "SMALLINT", "INT", "BIGINT")
_SAME = (exp.Min, exp.Max, exp.AnyValue, exp.First, exp.Last, exp.FirstValue, exp.LastValue, exp.Paren, exp.Alias)


def type_of(node: exp.Expr, reader: ExpressionReader) -> str | None:  # noqa: C901, PLR0912 - a case for each kind
    """The type of an expression; None where it is not known for sure."""
    match node:
        case exp.Column():
            field = reader.field(node)
            return field.type if field else None
        case exp.Cast() | exp.TryCast():
            return cast_type(node.to)
        case exp.Literal(is_string=True):
            return "STRING"
        case exp.Literal():
            return "INT" if str(node.this).isdigit() and len(str(node.this)) < 10 else None
        case exp.Count() | exp.CountIf() | exp.ApproxDistinct():
            return "BIGINT"
        case exp.Sum():
            return _sum(type_of(node.this, reader))
        case exp.Window() | exp.Filter() | exp.Distinct() if isinstance(node.this, exp.Expr):
            return type_of(node.this, reader)
        case exp.Coalesce() | exp.Greatest() | exp.Least():
            return _shared([node.this, *node.expressions], reader)
        case exp.Case():
            default = node.args.get("default")
            values = [one.args["true"] for one in node.args["ifs"]]
            return _shared([*values, default] if default else values, reader)
        case exp.If():
            return _shared([one for one in (node.args.get("true"), node.args.get("false")) if one], reader)
        case _:
            pass
    if isinstance(node, _SAME):
        return type_of(node.this, reader)
    if isinstance(node, _ARITHMETIC):
        return _wider(type_of(node.this, reader), type_of(node.expression, reader))
    if isinstance(node, _STRING_OF_STRINGS):
        texts = node.expressions if isinstance(node, exp.Concat) else [node.this]
        texts = [*texts, node.expression] if isinstance(node, exp.DPipe) else texts
        return "STRING" if {type_of(one, reader) for one in texts} == {"STRING"} else None
    for kind, classes in (("BOOLEAN", _BOOLEAN), ("STRING", _STRING), ("INT", _INT)):
        if isinstance(node, classes):
            return kind
    return "DATE" if isinstance(node, (exp.TsOrDsToDate, exp.Date)) else None


def _shared(nodes: list[exp.Expr], reader: ExpressionReader) -> str | None:
    """The type that several expressions have; NULL goes with any."""
    kinds = {type_of(one, reader) for one in nodes if not isinstance(one, exp.Null)}
    return kinds.pop() if len(kinds) == 1 else None


def _wider(one: str | None, other: str | None) -> str | None:
    """The type of what two whole numbers make."""
    return max(one, other, key=_WHOLE.index) if one in _WHOLE and other in _WHOLE else None


def _sum(kind: str | None) -> str | None:
    """The type of a sum: whole numbers become BIGINT, a decimal gains ten digits, up to 38."""
    known = normal_type(kind) if kind else None
    if known in {"TINYINT", "SMALLINT", "INT", "BIGINT"}:
        return "BIGINT"
    if known in {"FLOAT", "DOUBLE"}:
        return "DOUBLE"
    if known and known.startswith("DECIMAL("):
        precision, _, scale = known[8:-1].partition(",")
        return f"DECIMAL({min(int(precision) + 10, 38)}, {int(scale or 0)})"
    return None
