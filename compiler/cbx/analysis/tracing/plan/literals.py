"""Writes the literals of a plan as trees of sqlglot."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.tracing.placeholders import MARK
from cbx.analysis.tracing.plan.parsed_texts import parse_type
from cbx.analysis.tracing.plan.reading import Record
from cbx.analysis.tracing.protocol import MOST_OF_AN_INT
from cbx.syntax.text import PLACEHOLDER

_TYPES_OF_LITERALS = {
    "byte": "TINYINT", "short": "SMALLINT", "integer": "INT", "long": "BIGINT", "float": "FLOAT", "double": "DOUBLE",
    "date": "DATE", "timestamp": "TIMESTAMP", "timestamp_ntz": "TIMESTAMP_NTZ",
}  # fmt: skip


def write_literal(record: Record) -> exp.Expr | None:
    """The literal of a record; None where its value is not known."""
    kind, value = record["type"], record.get("value")
    if kind == "null":
        return exp.Null()
    if value is None:
        return None
    if kind == "string":
        if MARK not in value:
            return exp.Literal.string(value)
        # What an environment sets is one value, but it may be the same as another.
        return exp.Concat(expressions=[exp.Literal.string(f"{PLACEHOLDER}{value}")])
    if kind == "boolean":
        return exp.Boolean(this=value == "True")
    if kind in {"integer", "long"} and (kind == "long") == (abs(int(value)) > MOST_OF_AN_INT):
        number = exp.Literal.number(value.removeprefix("-"))
        return exp.Neg(this=number) if value.startswith("-") else number
    # As SQL would write them, other numbers and days have another type or are read by a rule of the type's own.
    written = exp.Concat(expressions=[exp.Literal.string(kind), exp.Literal.string(value)])
    type_ = _decimal_type(value) if kind == "decimal" else _TYPES_OF_LITERALS.get(kind)
    return exp.Cast(this=written, to=parse_type(type_)) if type_ else None


def _decimal_type(value: str) -> str | None:
    """The type of a decimal literal; None for one with an exponent."""
    whole, _, fraction = value.removeprefix("-").partition(".")
    if not (whole + fraction).isdecimal():
        return None
    return f"DECIMAL({max(len((whole + fraction).lstrip('0')), len(fraction), 1)}, {len(fraction)})"
