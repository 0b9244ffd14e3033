"""Types of dates, times, intervals and windows of time."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.sql.expressions.type_rules.type_reader import Rule, TypeReader, literal_text
from cbx.analysis.types.intervals import literal_interval_type, units_of

_STAMPS = frozenset({"TIMESTAMP", "TIMESTAMP_NTZ"})
_READ_AS_STAMP = frozenset({"DATE", "STRING", "VOID"})
_SECONDS = frozenset({"SECOND", "SECONDS", "SEC", "SECS", "S"})
_WHOLE_PARTS = frozenset({
    "YEAR", "Y", "YEARS", "YR", "YRS", "YEAROFWEEK", "QUARTER", "QTR", "MONTH", "MON", "MONS", "MONTHS", "WEEK", "W",
    "WEEKS", "DAY", "D", "DAYS", "DAYOFWEEK", "DOW", "DAYOFWEEK_ISO", "DOW_ISO", "DOY", "HOUR", "H", "HOURS", "HR",
    "HRS", "MINUTE", "M", "MIN", "MINS", "MINUTES",
})  # fmt: skip


def _interval_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``INTERVAL 1 DAY`` and ``INTERVAL '1-2' YEAR TO MONTH``."""
    del types
    unit = node.args.get("unit")
    if isinstance(unit, exp.IntervalSpan):
        return literal_interval_type(unit.this.name, unit.expression.name)
    return literal_interval_type(unit.name) if isinstance(unit, exp.Var) else None


def _days_between_type(node: exp.Expr, types: TypeReader) -> str | None:
    return "INT" if _days_later_type(node, types) else None


def _days_later_type(node: exp.Expr, types: TypeReader) -> str | None:
    del types
    unit = node.args.get("unit")
    return "DATE" if isinstance(unit, exp.Var) and unit.name.upper() == "DAY" else None


def _stamp_type(node: exp.Expr, types: TypeReader) -> str | None:
    """TIMESTAMP, or TIMESTAMP_NTZ for an argument of that type."""
    kind = types.read_first(node)
    return kind if kind in _STAMPS else "TIMESTAMP" if kind in _READ_AS_STAMP else None


def _part_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``extract`` and ``date_part``: a whole number, but for seconds."""
    part, source = (node.expressions if isinstance(node, exp.Anonymous) else (node.this, node.expression))[:2]
    name = (literal_text(part) or part.name).upper()
    units = units_of(types.read(source))
    if name in _SECONDS:
        return "DECIMAL(8, 6)"
    if units is not None:
        return {"YEAR": "INT", "DAY": "INT", "MONTH": "TINYINT"}.get(name, "TINYINT") if name in _WHOLE_PARTS else None
    return "INT" if name in _WHOLE_PARTS else None


def _time_window_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``window`` and ``session_window``: a STRUCT of start and end."""
    kind = _stamp_type(node, types)
    return f"STRUCT<start: {kind}, end: {kind}>" if kind else None


RULES: dict[str, Rule] = {
    "interval": _interval_type,
    "days later": _days_later_type,
    "days between": _days_between_type,
    "stamp": _stamp_type,
    "part of a time": _part_type,
    "time window": _time_window_type,
}
