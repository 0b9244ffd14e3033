"""The type of an expression, where Spark's is known without doubt.

What is said of a node follows from its class and from which arguments it has, its shape: `RULES` says how the type of
each shape comes about, and of any other shape nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from sqlglot import exp

from cbx.analysis.facts import DOUBTFUL
from cbx.analysis.sql.expressions.expressions import ExpressionReader, parts_of
from cbx.analysis.sql.schema_texts import schema_type
from cbx.analysis.sql.scope import Found
from cbx.analysis.types.cast_types import cast_type
from cbx.analysis.types.result_types import RESULTS
from cbx.analysis.types.type_rules import (
    arithmetic_type,
    average_type,
    collated,
    common_type,
    decimal_digits,
    element_of,
    field_type,
    key_of,
    members_of,
    rounded_type,
    sum_type,
    value_of,
)
from cbx.parse.identifiers import quoted_if_needed

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
    """The type of an expression; None where nobody declared it, and of NULL; `DOUBTFUL` where it is not known."""
    kind = _type_of(node, reader)
    if kind is not None:
        return None if _NULL in kind else kind
    return None if _is_undeclared(node, reader) else DOUBTFUL


def _is_undeclared(node: exp.Expr, reader: ExpressionReader) -> bool:
    """Whether a type is not known for no other reason than that nobody declared that of a column."""
    if isinstance(node, exp.Column):
        found = None if isinstance(node.this, exp.Star) else reader.scope.find(parts_of(node))
        return isinstance(found, Found) and found.field.type is None
    kinds = {type_of(one, reader) for one in _passed_on(node)}
    return None in kinds and DOUBTFUL not in kinds


def _passed_on(node: exp.Expr) -> list[exp.Expr]:
    """The expressions of which one gives an expression its value, and all of them its type."""
    if isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
        return [node.this, *node.expressions]
    if isinstance(node, (exp.Case, exp.If)):
        ends = [one.args.get("true") for one in node.args.get("ifs", ())]
        ends += [node.args.get(name) for name in ("true", "false", "default")]
        return [one for one in ends if isinstance(one, exp.Expr)]
    return [node.this] if isinstance(node, _PASSING) and isinstance(node.this, exp.Expr) else []


def _type_of(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type of an expression, which is ``VOID`` for NULL."""
    if isinstance(node, exp.Column):
        return _column(node, reader)
    if type(node) in _BOOLEAN:
        return "BOOLEAN"
    if isinstance(node, exp.Window):
        return _same(node, reader)
    if isinstance(node, exp.Subquery):
        return reader.type_of_query(node)
    rule = _rule_of(*_parts_of_shape(node))
    if rule is None:
        return None
    return RULES[rule](node, reader) if rule in RULES else rule


def shape_of(node: exp.Expr) -> str:
    """The class of a node, or the name of a function without one, and the arguments that it has."""
    return _shape(*_parts_of_shape(node))


def _parts_of_shape(node: exp.Expr) -> tuple[str, ...]:
    given = [name for name, value in node.args.items() if value is not None and value is not False and value != []]
    if isinstance(node, exp.Anonymous):
        return (f"anonymous:{node.name.lower()}", *(name for name in given if name != "this"))
    return (node.key, *given)


def _shape(key: str, *names: str) -> str:
    return f"{key}({','.join(sorted(names))})"


@lru_cache(maxsize=4096)
def _rule_of(*parts: str) -> str | None:
    """The name of the rule of a shape, or its type; None for a shape that is not listed."""
    return _shapes().get(_shape(*parts))


@cache
def _shapes() -> dict[str, str]:
    return {shape: rule for rule, shapes in RESULTS.items() for shape in shapes.split()}


def _column(node: exp.Column, reader: ExpressionReader) -> str | None:
    if isinstance(node.this, exp.Star):
        return None
    found = reader.scope.find(parts_of(node))
    if not isinstance(found, Found):
        return None
    kind = found.field.type
    for name in found.path:
        kind = field_type(kind, name)
    return None if kind == DOUBTFUL else kind


def _cast(node: exp.Expr, reader: ExpressionReader) -> str | None:
    del reader
    return cast_type(node.args["to"])


def _literal(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """A number has the smallest type that holds it; with a point it is a decimal, with an exponent a DOUBLE."""
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


def _arithmetic(node: exp.Expr, reader: ExpressionReader) -> str | None:
    sides = (node.this, node.expression)
    kinds = [_type_of(side, reader) for side in sides]
    if any(kind is not None and kind.startswith("DECIMAL") for kind in kinds):
        kinds = [_digits_written(side) or kind for side, kind in zip(sides, kinds, strict=True)]
    return arithmetic_type(_ARITHMETIC[type(node)], *kinds)


def _digits_written(node: exp.Expr) -> str | None:
    """The decimal that a whole number written out is where it meets one."""
    bare = node.unnest()
    inner = bare.this if isinstance(bare, exp.Neg) else bare
    if not isinstance(inner, exp.Literal) or inner.is_string or not str(inner.this).isdecimal():
        return None
    digits = len(str(inner.this).lstrip("0") or "0")
    return f"DECIMAL({digits}, 0)" if digits <= _MOST_DIGITS else None


def _values(node: exp.Expr) -> Iterable[exp.Expr]:
    """The arguments of a function, in the order of the text where its class has them in one."""
    for value in node.args.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, exp.Expr):
                yield one


def _same(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = node.this if isinstance(node.this, exp.Expr) else next(iter(node.expressions), None)
    return _type_of(inner, reader) if isinstance(inner, exp.Expr) else None


def _number(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The same type, if it is a number's."""
    kind = _same(node, reader)
    return kind if kind in {"FLOAT", "DOUBLE"} or decimal_digits(kind or "") else None


def _common(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return common_type(_type_of(one, reader) for one in _values(node))


def _branches(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """What the branches of ``CASE`` and ``IF`` have in common; without ELSE there is NULL."""
    ends = [one.args.get("true") for one in node.args.get("ifs", ())]
    ends += [node.args.get(name) for name in ("true", "false", "default")]
    return common_type(_type_of(one, reader) for one in ends if isinstance(one, exp.Expr))


def _text(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """A text made of texts, or of what becomes one; what is made of bytes may be bytes."""
    return _text_of([_type_of(one, reader) for one in _values(node)])


def _text_of(kinds: list[str | None]) -> str | None:
    return None if any(kind in {None, "BINARY"} for kind in kinds) else collated(kinds)


def _first_text(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """A text made of the first argument, whatever the others are."""
    return _text_of([_same(node, reader)])


def _texts_of_first(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = _first_text(node, reader)
    return f"ARRAY<{inner}>" if inner else None


def _joined(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """``concat`` and ``||``: of texts a text, of arrays an array."""
    kinds = [_type_of(one, reader) for one in _values(node)]
    if all(kind is not None and members_of(kind)[0] == "ARRAY" for kind in kinds):
        return common_type(kinds)
    return None if any(kind is not None and "<" in kind for kind in kinds) else _text_of(kinds)


def _array(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = _common(node, reader)
    return f"ARRAY<{inner}>" if inner else None


def _array_of_same(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = _same(node, reader)
    return f"ARRAY<{inner}>" if inner else None


def _same_array(node: exp.Expr, reader: ExpressionReader) -> str | None:
    kind = _same(node, reader)
    return kind if element_of(kind) else None


def _common_array(node: exp.Expr, reader: ExpressionReader) -> str | None:
    kind = _common(node, reader)
    return kind if element_of(kind) else None


def _appended(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """An array that another element is compared with, or put into: both become one type."""
    inner = common_type([element_of(_same(node, reader)), _type_of(node.expression, reader)])
    return f"ARRAY<{inner}>" if inner else None


def _transformed(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """What a function makes of the elements of an array, in so far as it does not depend on theirs."""
    made = node.expression
    inner = _type_of(made.this, reader) if isinstance(made, exp.Lambda) else None
    return f"ARRAY<{inner}>" if inner else None


def _map(node: exp.Expr, reader: ExpressionReader) -> str | None:
    keys, values = (element_of(_type_of(node.args[name], reader)) for name in ("keys", "values"))
    return f"MAP<{keys}, {values}>" if keys and values else None


def _struct(node: exp.Expr, reader: ExpressionReader) -> str | None:
    fields = []
    for one in node.expressions:
        kind = _type_of(one.expression, reader) if isinstance(one, exp.PropertyEQ) else None
        if kind is None:
            return None
        fields.append(f"{quoted_if_needed(one.name)}: {kind}")
    return f"STRUCT<{', '.join(fields)}>" if fields else None


def _element(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return element_of(_same(node, reader))


def _picked(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """``a[1]`` of an array or a map, and ``s['field']`` of a struct."""
    kind = _same(node, reader)
    key = node.expressions[0] if len(node.expressions) == 1 else None
    if isinstance(key, exp.Literal) and key.is_string and kind is not None and members_of(kind)[0] == "STRUCT":
        return field_type(kind, key.name)
    return element_of(kind) or value_of(kind) if key is not None else None


def _dotted(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return field_type(_type_of(node.this, reader), node.expression.name)


def _keys(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = key_of(_same(node, reader))
    return f"ARRAY<{inner}>" if inner else None


def _map_values(node: exp.Expr, reader: ExpressionReader) -> str | None:
    inner = value_of(_same(node, reader))
    return f"ARRAY<{inner}>" if inner else None


def _sum(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return sum_type(_same(node, reader))


def _average(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return average_type(_same(node, reader))


def _rounded(node: exp.Expr, reader: ExpressionReader) -> str | None:
    places = node.args.get("decimals")
    sign = -1 if isinstance(places, exp.Neg) else 1
    number = places.this if isinstance(places, exp.Neg) else places
    if number is None:
        return rounded_type(_same(node, reader), 0)
    is_written = isinstance(number, exp.Literal) and not number.is_string and len(str(number.this)) < 3
    is_written = is_written and str(number.this).isdecimal()
    return rounded_type(_same(node, reader), sign * int(number.this) if is_written else None)


def _whole(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """``floor`` and ``ceil``."""
    kind = _same(node, reader)
    digits = decimal_digits(kind) if kind else None
    if kind is None or not (digits or kind in {"FLOAT", "DOUBLE"}):
        return None
    if not kind.startswith("DECIMAL"):
        return "BIGINT"
    return rounded_type(kind, 0) if digits and digits[1] else kind


def _double(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """A DOUBLE, if it is made of a number."""
    return "DOUBLE" if _number(node, reader) else None


def _quantile(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """One quantile, not several."""
    return _double(node, reader) if isinstance(node.args["quantile"], exp.Literal) else None


def _near_quantile(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return _number(node, reader) if isinstance(node.args["quantile"], exp.Literal) else None


def _days_between(node: exp.Expr, reader: ExpressionReader) -> str | None:
    return "INT" if _days_later(node, reader) else None


def _days_later(node: exp.Expr, reader: ExpressionReader) -> str | None:
    del reader
    unit = node.args.get("unit")
    return "DATE" if isinstance(unit, exp.Var) and unit.name.upper() == "DAY" else None


def _time_window(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """``window``: from when to when."""
    kind = _same(node, reader)
    if kind in {"DATE", "STRING"}:
        kind = "TIMESTAMP"
    return f"STRUCT<start: {kind}, end: {kind}>" if kind in {"TIMESTAMP", "TIMESTAMP_NTZ"} else None


def _parsed(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """What a text is parsed to, as a schema that is written out says."""
    del reader
    schema = node.expression
    return schema_type(schema.name) if isinstance(schema, exp.Literal) and schema.is_string else None


RULES: dict[str, Rule] = {
    "parsed": _parsed,
    "time window": _time_window,
    "cast": _cast,
    "literal": _literal,
    "arithmetic": _arithmetic,
    "same": _same,
    "number": _number,
    "common": _common,
    "branches": _branches,
    "text": _text,
    "first text": _first_text,
    "texts of first": _texts_of_first,
    "joined": _joined,
    "array": _array,
    "array of same": _array_of_same,
    "same array": _same_array,
    "common array": _common_array,
    "appended": _appended,
    "transformed": _transformed,
    "map": _map,
    "struct": _struct,
    "element": _element,
    "picked": _picked,
    "dotted": _dotted,
    "keys": _keys,
    "values": _map_values,
    "sum": _sum,
    "average": _average,
    "rounded": _rounded,
    "whole": _whole,
    "double": _double,
    "quantile": _quantile,
    "near quantile": _near_quantile,
    "days later": _days_later,
    "days between": _days_between,
}
"""How the type of a node comes about, by the names that `RESULTS` uses."""
