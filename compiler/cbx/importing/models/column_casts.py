"""The expressions that give rows the columns of a declared schema."""

from __future__ import annotations

from collections.abc import Sequence

from cbx.runtime.sql.column_definitions import ColumnDefinition
from cbx.spark_spelling import quote_if_needed


def cast_columns(columns: Sequence[ColumnDefinition]) -> list[list[str]]:
    """The lists of expressions to select, one after the other: casts, then generated columns."""
    plain = [column for column in columns if column.expression is None]
    steps = [[cast_column(column, quote_if_needed(column.name)) for column in plain]]
    if len(plain) < len(columns):
        steps.append(
            [
                quote_if_needed(column.name) if column.expression is None else cast_column(column, column.expression)
                for column in columns
            ]
        )
    return steps


def cast_column(column: ColumnDefinition, expression: str) -> str:
    """An expression with the type and the name of a column."""
    return f"CAST({expression} AS {' '.join(column.type.split())}) AS {quote_if_needed(column.name)}"
