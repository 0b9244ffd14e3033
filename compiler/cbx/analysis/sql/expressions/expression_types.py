"""Infers the type of an expression, where Spark's type is certain.

The shape of a node is its class and the names of its arguments. `RESULTS` maps each supported shape to a type or to the
name of a rule in `RULES`. The type of any other shape is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from sqlglot import exp

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.sql.expressions.expressions import ExpressionReader, parts_of
from cbx.analysis.sql.schema_texts import schema_type
from cbx.analysis.sql.scope import ResolvedColumn
from cbx.analysis.types.cast_types import cast_type
from cbx.analysis.types.result_types import RESULTS
from cbx.analysis.types.type_rules import (
    arithmetic_type,
    average_type,
    common_type,
    decimal_digits,
    element_of,
    field_type,
    key_of,
    members_of,
    rounded_type,
    sum_type,
    text_type,
    value_of,
)
from cbx.spark_spelling import quote_if_needed

_BOOLEAN = frozenset({
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In, exp.Between,
    exp.Like, exp.ILike, exp.RegexpLike, exp.And, exp.Or, exp.Not, exp.Exists, exp.Boolean,
})  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.IntDiv: "div", exp.SafeAdd: "+",
    exp.SafeSubtract: "-", exp.SafeMultiply: "*", exp.SafeDivide: "/",
}  # fmt: skip
_PASSING = (
    exp.Alias, exp.AnyValue, exp.Filter, exp.First, exp.FirstValue, exp.IgnoreNulls, exp.Lag, exp.Last, exp.LastValue,
    exp.Lead, exp.Max, exp.Min, exp.Nullif, exp.Paren, exp.RespectNulls, exp.Window,
)  # fmt: skip
_NULL = "VOID"
_MOST_OF_AN_INT, _MOST_OF_A_BIGINT = (1 << 31) - 1, (1 << 63) - 1
_MOST_DIGITS = 38

Rule = Callable[[exp.Expr, ExpressionReader], str | None]


def type_of(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type of an expression; None where it is not declared, and for NULL; `UNKNOWN_TYPE` where it is unknown."""
    kind = _type_of(node, reader)
    if kind is not None:
        return None if _NULL in kind else kind
    return None if _is_undeclared(node, reader) else UNKNOWN_TYPE


def _is_undeclared(node: exp.Expr, reader: ExpressionReader) -> bool:
    """Whether a type is unknown only because the type of a column is not declared."""
    if isinstance(node, exp.Column):
        match = None if isinstance(node.this, exp.Star) else reader.scope.find(parts_of(node))
        return isinstance(match, ResolvedColumn) and match.field.type is None
    kinds = {type_of(expression, reader) for expression in _value_expressions(node)}
    return None in kinds and UNKNOWN_TYPE not in kinds


def _value_expressions(node: exp.Expr) -> list[exp.Expr]:
    """The subexpressions that give an expression its value: the branches of ``CASE``, for example."""
    if isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
        return [node.this, *node.expressions]
    if isinstance(node, (exp.Case, exp.If)):
        ends = [branch.args.get("true") for branch in node.args.get("ifs", ())]
        ends += [node.args.get(name) for name in ("true", "false", "default")]
        return [end for end in ends if isinstance(end, exp.Expr)]
    return [node.this] if isinstance(node, _PASSING) and isinstance(node.this, exp.Expr) else []


def _type_of(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type of an expression, ``VOID`` for NULL; None where it is unknown."""
    if isinstance(node, exp.Column):
        return _column_type(node, reader)
    if type(node) in _BOOLEAN:
        return "BOOLEAN"
    if isinstance(node, exp.Window):
        return _same_type(node, reader)
    if isinstance(node, exp.Subquery):
        return reader.type_of_query(node)
    rule = _rule_of(*_parts_of_shape(node))
    if rule is None:
        return None
    return RULES[rule](node, reader) if rule in RULES else rule


def shape_of(node: exp.Expr) -> str:
    """The shape of a node: its class, or the name of a function without a class, and its arguments."""
    return _shape(*_parts_of_shape(node))


def _parts_of_shape(node: exp.Expr) -> tuple[str, ...]:
    arguments = [name for name, value in node.args.items() if value is not None and value is not False and value != []]
    if isinstance(node, exp.Anonymous):
        return (f"anonymous:{node.name.lower()}", *(name for name in arguments if name != "this"))
    return (node.key, *arguments)


def _shape(key: str, *names: str) -> str:
    return f"{key}({','.join(sorted(names))})"


@lru_cache(maxsize=4096)
def _rule_of(*parts: str) -> str | None:
    """The rule or the type of a shape; None for an unlisted shape."""
    return _shapes().get(_shape(*parts))


@cache
def _shapes() -> dict[str, str]:
    return {shape: rule for rule, shapes in RESULTS.items() for shape in shapes.split()}


def _column_type(node: exp.Column, reader: ExpressionReader) -> str | None:
    if isinstance(node.this, exp.Star):
        return None
    match = reader.scope.find(parts_of(node))
    if not isinstance(match, ResolvedColumn):
        return None
    kind = match.field.type
    for name in match.path:
        kind = field_type(kind, name)
    return None if kind == UNKNOWN_TYPE else kind


def _cast_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    del reader
    return cast_type(node.args["to"])


def _literal_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The smallest type for a whole number; DECIMAL for a number with a point, DOUBLE for one with an exponent."""
    del reader
    text = str(node.this)
    if node.is_string:
        return "STRING"
    if text.isdecimal():
        if len(text.lstrip("0")) > _MOST_DIGITS:
            return None
        value = int(text.lstrip("0") or "0")
        if value <= _MOST_OF_A_BIGINT:
            return "INT" if value <= _MOST_OF_AN_INT else "BIGINT"
        return f"DECIMAL({len(str(value))}, 0)"
    whole, point, fraction = text.partition(".")
    if point and (whole + fraction).isdecimal():
        precision = max(len((whole + fraction).lstrip("0")), len(fraction), 1)
        return f"DECIMAL({precision}, {len(fraction)})" if precision <= _MOST_DIGITS else None
    return "DOUBLE" if "e" in text.lower() and text[-1].isdecimal() else None


def _arithmetic_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    sides = (node.this, node.expression)
    kinds = [_type_of(side, reader) for side in sides]
    if any(kind is not None and kind.startswith("DECIMAL") for kind in kinds):
        kinds = [_literal_digits(side) or kind for side, kind in zip(sides, kinds, strict=True)]
    return arithmetic_type(_ARITHMETIC[type(node)], *kinds)


def _literal_digits(node: exp.Expr) -> str | None:
    """The type of a whole number literal beside a DECIMAL; None for any other expression."""
    bare = node.unnest()
    inner = bare.this if isinstance(bare, exp.Neg) else bare
    if not isinstance(inner, exp.Literal) or inner.is_string or not str(inner.this).isdecimal():
        return None
    digits = len(str(inner.this).lstrip("0") or "0")
    return f"DECIMAL({digits}, 0)" if digits <= _MOST_DIGITS else None


def _arguments(node: exp.Expr) -> Iterable[exp.Expr]:
    """The arguments of a function."""
    for value in node.args.values():
        for argument in value if isinstance(value, list) else [value]:
            if isinstance(argument, exp.Expr):
                yield argument


def _same_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = node.this if isinstance(node.this, exp.Expr) else next(iter(node.expressions), None)
    return _type_of(inner, reader) if isinstance(inner, exp.Expr) else None


def _number_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type of the first argument, if it is numeric."""
    kind = _same_type(node, reader)
    return kind if kind in {"FLOAT", "DOUBLE"} or decimal_digits(kind or "") else None


def _common_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return common_type(_type_of(argument, reader) for argument in _arguments(node))


def _branches_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The common type of the branches of ``CASE`` and ``IF``."""
    ends = [branch.args.get("true") for branch in node.args.get("ifs", ())]
    ends += [node.args.get(name) for name in ("true", "false", "default")]
    return common_type(_type_of(end, reader) for end in ends if isinstance(end, exp.Expr))


def _text_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """STRING, unless an argument is BINARY."""
    return _text_type_of([_type_of(argument, reader) for argument in _arguments(node)])


def _text_type_of(kinds: list[str | None]) -> str | None:
    return None if any(kind in {None, "BINARY"} for kind in kinds) else text_type(kinds)


def _first_text_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """STRING, unless the first argument is BINARY."""
    return _text_type_of([_same_type(node, reader)])


def _texts_of_first_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = _first_text_type(node, reader)
    return f"ARRAY<{inner}>" if inner else None


def _concat_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """``concat`` and ``||``: STRING for texts, ARRAY for arrays."""
    kinds = [_type_of(argument, reader) for argument in _arguments(node)]
    if all(kind is not None and members_of(kind)[0] == "ARRAY" for kind in kinds):
        return common_type(kinds)
    return None if any(kind is not None and "<" in kind for kind in kinds) else _text_type_of(kinds)


def _array_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = _common_type(node, reader)
    return f"ARRAY<{inner}>" if inner else None


def _array_of_same_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = _same_type(node, reader)
    return f"ARRAY<{inner}>" if inner else None


def _same_array_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    kind = _same_type(node, reader)
    return kind if element_of(kind) else None


def _common_array_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    kind = _common_type(node, reader)
    return kind if element_of(kind) else None


def _append_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type of an array function with an element as its second argument, such as ``array_append``."""
    inner = common_type([element_of(_same_type(node, reader)), _type_of(node.expression, reader)])
    return f"ARRAY<{inner}>" if inner else None


def _transform_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """``transform``: an array of the lambda's type, if that does not depend on the element."""
    function = node.expression
    inner = _type_of(function.this, reader) if isinstance(function, exp.Lambda) else None
    return f"ARRAY<{inner}>" if inner else None


def _map_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    keys, values = (element_of(_type_of(node.args[name], reader)) for name in ("keys", "values"))
    return f"MAP<{keys}, {values}>" if keys and values else None


def _struct_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    fields = []
    for field in node.expressions:
        kind = _type_of(field.expression, reader) if isinstance(field, exp.PropertyEQ) else None
        if kind is None:
            return None
        fields.append(f"{quote_if_needed(field.name)}: {kind}")
    return f"STRUCT<{', '.join(fields)}>" if fields else None


def _element_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return element_of(_same_type(node, reader))


def _subscript_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """``a[1]`` of an array or a map, and ``s['field']`` of a struct."""
    kind = _same_type(node, reader)
    key = node.expressions[0] if len(node.expressions) == 1 else None
    if isinstance(key, exp.Literal) and key.is_string and kind is not None and members_of(kind)[0] == "STRUCT":
        return field_type(kind, key.name)
    return element_of(kind) or value_of(kind) if key is not None else None


def _field_access_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return field_type(_type_of(node.this, reader), node.expression.name)


def _map_keys_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = key_of(_same_type(node, reader))
    return f"ARRAY<{inner}>" if inner else None


def _map_values_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = value_of(_same_type(node, reader))
    return f"ARRAY<{inner}>" if inner else None


def _sum_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return sum_type(_same_type(node, reader))


def _average_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return average_type(_same_type(node, reader))


def _round_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    decimals = node.args.get("decimals")
    sign = -1 if isinstance(decimals, exp.Neg) else 1
    number = decimals.this if isinstance(decimals, exp.Neg) else decimals
    if number is None:
        return rounded_type(_same_type(node, reader), 0)
    is_written = isinstance(number, exp.Literal) and not number.is_string and len(str(number.this)) < 3
    is_written = is_written and str(number.this).isdecimal()
    return rounded_type(_same_type(node, reader), sign * int(number.this) if is_written else None)


def _floor_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """``floor`` and ``ceil``."""
    kind = _same_type(node, reader)
    digits = decimal_digits(kind) if kind else None
    if kind is None or not (digits or kind in {"FLOAT", "DOUBLE"}):
        return None
    if not kind.startswith("DECIMAL"):
        return "BIGINT"
    return rounded_type(kind, 0) if digits and digits[1] else kind


def _double_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """DOUBLE, if the first argument is numeric."""
    return "DOUBLE" if _number_type(node, reader) else None


def _quantile_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """DOUBLE for a single quantile; an array of quantiles is not supported."""
    return _double_type(node, reader) if isinstance(node.args["quantile"], exp.Literal) else None


def _approximate_quantile_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return _number_type(node, reader) if isinstance(node.args["quantile"], exp.Literal) else None


def _days_between_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return "INT" if _days_later_type(node, reader) else None


def _days_later_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    del reader
    unit = node.args.get("unit")
    return "DATE" if isinstance(unit, exp.Var) and unit.name.upper() == "DAY" else None


def _time_window_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """``window``: a STRUCT of start and end."""
    kind = _same_type(node, reader)
    if kind in {"DATE", "STRING"}:
        kind = "TIMESTAMP"
    return f"STRUCT<start: {kind}, end: {kind}>" if kind in {"TIMESTAMP", "TIMESTAMP_NTZ"} else None


def _parsed_schema_type(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type that a literal schema describes."""
    del reader
    schema = node.expression
    return schema_type(schema.name) if isinstance(schema, exp.Literal) and schema.is_string else None


RULES: dict[str, Rule] = {
    "parsed schema": _parsed_schema_type,
    "time window": _time_window_type,
    "cast": _cast_type,
    "literal": _literal_type,
    "arithmetic": _arithmetic_type,
    "same": _same_type,
    "number": _number_type,
    "common": _common_type,
    "branches": _branches_type,
    "text": _text_type,
    "first text": _first_text_type,
    "texts of first": _texts_of_first_type,
    "concat": _concat_type,
    "array": _array_type,
    "array of same": _array_of_same_type,
    "same array": _same_array_type,
    "common array": _common_array_type,
    "append": _append_type,
    "transform": _transform_type,
    "map": _map_type,
    "struct": _struct_type,
    "element": _element_type,
    "subscript": _subscript_type,
    "field access": _field_access_type,
    "keys": _map_keys_type,
    "values": _map_values_type,
    "sum": _sum_type,
    "average": _average_type,
    "round": _round_type,
    "whole": _floor_type,
    "double": _double_type,
    "quantile": _quantile_type,
    "approximate quantile": _approximate_quantile_type,
    "days later": _days_later_type,
    "days between": _days_between_type,
}
"""The rules by their names in `RESULTS`."""
