"""Types of numbers: literals, arithmetic, aggregates and rounding."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.sql.expressions.type_rules.type_reader import (
    Rule,
    TypeReader,
    arguments_of,
    literal_number,
    literal_text,
)
from cbx.analysis.types.intervals import interval_arithmetic_type, units_of, widened_interval
from cbx.analysis.types.type_rules import (
    VOID,
    WHOLE,
    arithmetic_type,
    array_of,
    average_type,
    common_type,
    decimal_digits,
    element_of,
    is_number,
    is_text,
    rounded_type,
    sum_type,
)

_ARITHMETIC: dict[str, str] = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "intdiv": "div", "safeadd": "+", "safesubtract": "-",
    "safemultiply": "*", "safedivide": "/", "pmod": "%", "try_mod": "%", "div()": "div",
}  # fmt: skip
_MOST_OF_AN_INT, _MOST_OF_A_BIGINT = (1 << 31) - 1, (1 << 63) - 1
_MOST_DIGITS = 38
_TIMES = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_NTZ"})


def _literal_type(node: exp.Expr, types: TypeReader) -> str | None:
    """The smallest type for a whole number; DECIMAL for a number with a point, DOUBLE for one with an exponent."""
    del types
    text = str(node.this)
    if node.args.get("is_string"):
        return "STRING"
    if text.isdecimal():
        return _whole_literal_type(text.lstrip("0") or "0")
    whole, point, fraction = text.partition(".")
    if point and (whole + fraction).isdecimal():
        precision = max(len((whole + fraction).lstrip("0")), len(fraction), 1)
        return f"DECIMAL({precision}, {len(fraction)})" if precision <= _MOST_DIGITS else None
    return "DOUBLE" if "e" in text.lower() and text[-1].isdecimal() else None


def _whole_literal_type(digits: str) -> str | None:
    if len(digits) > _MOST_DIGITS:
        return None
    value = int(digits)
    if value <= _MOST_OF_A_BIGINT:
        return "INT" if value <= _MOST_OF_AN_INT else "BIGINT"
    return f"DECIMAL({len(digits)}, 0)"


def _arithmetic_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``+``, ``-``, ``*``, ``/``, ``%`` and ``div`` of numbers, texts, times and intervals."""
    name = node.name.lower() if isinstance(node, exp.Anonymous) else node.key
    sides = list(arguments_of(node))[:2]
    if len(sides) < 2:
        return None
    kinds = [types.read(side) for side in sides]
    if any(kind is not None and kind.startswith("DECIMAL") for kind in kinds):
        kinds = [_literal_digits(side) or kind for side, kind in zip(sides, kinds, strict=True)]
    sign = _ARITHMETIC[name]
    return arithmetic_type(sign, *kinds) or interval_arithmetic_type(sign, *kinds)


def _literal_digits(node: exp.Expr) -> str | None:
    """The type of a whole number literal beside a DECIMAL; None for any other expression."""
    bare = node.unnest()
    inner = bare.this if isinstance(bare, exp.Neg) else bare
    if not isinstance(inner, exp.Literal) or inner.is_string or not str(inner.this).isdecimal():
        return None
    digits = len(str(inner.this).lstrip("0") or "0")
    return f"DECIMAL({digits}, 0)" if digits <= _MOST_DIGITS else None


def _number_type(node: exp.Expr, types: TypeReader) -> str | None:
    """The type of the first argument, if it is numeric; that of a text is DOUBLE."""
    kind = types.read_first(node)
    if is_number(kind) or units_of(kind):
        return kind
    return "DOUBLE" if is_text(kind) or kind == VOID else None


def _bits_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``&``, ``|`` and ``^``: the wider of two whole numbers."""
    kind = common_type(types.read_all(node))
    return "INT" if kind == VOID else kind if kind in WHOLE else None


def _shifted_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``<<`` and ``>>``: INT, or BIGINT for a BIGINT."""
    kind = types.read_first(node)
    return None if kind is None else "BIGINT" if kind == "BIGINT" else "INT"


def _sum_type(node: exp.Expr, types: TypeReader) -> str | None:
    return sum_type(types.read_first(node))


def _average_type(node: exp.Expr, types: TypeReader) -> str | None:
    return average_type(types.read_first(node))


def _round_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``round`` and ``bround``."""
    decimals = node.expressions[1:] if isinstance(node, exp.Anonymous) else [node.args.get("decimals")]
    kind = types.read_first(node)
    if not decimals or decimals[0] is None:
        return rounded_type(kind, 0)
    return rounded_type(kind, literal_number(decimals[0]))


def _floor_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``floor`` and ``ceil``."""
    kind = types.read_first(node)
    if kind is None or not is_number(kind):
        return "BIGINT" if is_text(kind) or kind == VOID else None
    digits = decimal_digits(kind)
    if not kind.startswith("DECIMAL"):
        return "BIGINT"
    return rounded_type(kind, 0) if digits and digits[1] else kind


_AS_DECIMAL = {
    "TINYINT": "DECIMAL(3, 0)", "SMALLINT": "DECIMAL(5, 0)", "INT": "DECIMAL(10, 0)", "BIGINT": "DECIMAL(20, 0)",
    "FLOAT": "DECIMAL(14, 7)", "DOUBLE": "DECIMAL(30, 15)", "STRING": "DECIMAL(38, 18)",
}  # fmt: skip


def _rounded_up_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``ceil`` and ``floor`` to some decimals: of a number as a decimal."""
    kind = types.read_first(node) or ""
    kind = "STRING" if is_text(kind) or kind == VOID else kind
    return rounded_type(_AS_DECIMAL.get(kind, kind), literal_number(node.args.get("decimals")))


def _average_of_second_type(node: exp.Expr, types: TypeReader) -> str | None:
    return average_type(types.read(node.expression))


def _not_a_number_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``nanvl``: FLOAT if both are, else DOUBLE."""
    kinds = {*types.read_all(node)} - {VOID}
    return "FLOAT" if kinds == {"FLOAT"} else None if None in kinds else "DOUBLE"


def _parsed_number_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``to_number``: a decimal with the digits of the format."""
    del types
    listed = node.expressions if isinstance(node, exp.Anonymous) else [node.this, node.args.get("format")]
    text = literal_text(listed[1]) if len(listed) > 1 else None
    if text is None or set(text.upper()) - set("09.DG,$SMIPR"):
        return None
    whole, _, fraction = text.upper().replace("D", ".").partition(".")
    digits = [sum(sign in "09" for sign in part) for part in (whole, fraction)]
    return f"DECIMAL({sum(digits)}, {digits[1]})" if sum(digits) else None


def _histogram_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    return f"ARRAY<STRUCT<x: {'DOUBLE' if is_text(kind) else kind}, y: DOUBLE>>" if kind else None


def _top_values_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    return f"ARRAY<STRUCT<item: {kind}, count: BIGINT>>" if kind else None


def _top_values_state_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    fields = f"sketch: BINARY, maxItemsTracked: INT, itemDataType: {kind}, itemDataTypeDDL: STRING"
    return f"STRUCT<{fields}>" if kind else None


def _double_type(node: exp.Expr, types: TypeReader) -> str | None:
    """DOUBLE for a number, an interval for an interval."""
    kind = _number_type(node, types)
    return widened_interval(kind) if units_of(kind) else "DOUBLE" if kind else None


def _quantile_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``percentile``: DOUBLE, or an array of them for several quantiles."""
    return _of_quantiles(node, _double_type(node, types), types)


def _approximate_quantile_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    return _of_quantiles(node, kind if kind in _TIMES else _number_type(node, types), types)


def _of_quantiles(node: exp.Expr, kind: str | None, types: TypeReader) -> str | None:
    """A type, or an array of it where several quantiles are asked for."""
    quantile = types.read(node.args["quantile"])
    return array_of(kind) if element_of(quantile) else kind if is_number(quantile) else None


def _or_zero_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``zeroifnull``."""
    return common_type([types.read_first(node), "INT"])


RULES: dict[str, Rule] = {
    "literal": _literal_type,
    "arithmetic": _arithmetic_type,
    "number": _number_type,
    "bits": _bits_type,
    "shifted": _shifted_type,
    "sum": _sum_type,
    "average": _average_type,
    "round": _round_type,
    "whole": _floor_type,
    "double": _double_type,
    "quantile": _quantile_type,
    "approximate quantile": _approximate_quantile_type,
    "or zero": _or_zero_type,
    "rounded up": _rounded_up_type,
    "average of second": _average_of_second_type,
    "not a number": _not_a_number_type,
    "parsed number": _parsed_number_type,
    "histogram": _histogram_type,
    "top values": _top_values_type,
    "top values so far": _top_values_state_type,
}
