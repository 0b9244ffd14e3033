"""Parses the texts in a plan: expressions of SQL, and types."""

from __future__ import annotations

from sqlglot import errors, exp

from cbx.analysis.sql.trees.closed_world import replace_unknown
from cbx.analysis.tracing.placeholders import MARK
from cbx.analysis.types.cast_types import cast_type
from cbx.parse.databricks_sql.dialect import DIALECT, read_one
from cbx.parse.databricks_sql.nesting import obstacle
from cbx.parse.databricks_sql.types import normal_type


def parse_select_item(text: str) -> exp.Expr | None:
    """The tree of a SELECT item; None if the text is not exactly one, or has an unknown value."""
    if MARK in text or obstacle(text):
        return None
    try:
        parsed = read_one(f"SELECT {text}")
    except (errors.SqlglotError, RecursionError):
        return None
    is_plain = isinstance(parsed, exp.Select) and not {name for name, value in parsed.args.items() if value} - {
        "expressions", "kind",
    }  # fmt: skip
    items = parsed.expressions if is_plain else []
    if len(items) != 1:
        return None
    item = items[0].pop()
    return replace_unknown(item, list(item.walk()))


def parse_type(text: str | None) -> exp.DataType | None:
    """A type as a sqlglot tree; None if sqlglot reads it differently from Spark."""
    if not text or obstacle(text):
        return None
    try:
        kind = exp.DataType.build(text, dialect=DIALECT)
    except (errors.SqlglotError, RecursionError):
        return None
    spark_type = cast_type(kind)
    return kind if spark_type is not None and spark_type == normal_type(text) else None
