"""The expressions that give rows the columns of a declared schema."""

from __future__ import annotations

from collections.abc import Sequence

from cbx.runtime.sql.column_definitions import ColumnDefinition
from cbx.spark_spelling import quote_if_needed


def cast_columns(columns: Sequence[ColumnDefinition]) -> list[list[str]]:
    """The lists of expressions to select, one after the other: casts, then generated columns."""
    plain = [column for column in columns if column.expression is None]
    steps = [[_cast(column, quote_if_needed(column.name)) for column in plain]]
    if len(plain) < len(columns):
        steps.append(
            [
                quote_if_needed(column.name) if column.expression is None else _cast(column, column.expression)
                for column in columns
            ]
        )
    return steps


def replace_columns(columns: Sequence[ColumnDefinition]) -> list[str]:
    """The expressions that give some columns of changes their types, and keep the others."""
    kept = [column for column in columns if not column.name.startswith("__")]
    names = ", ".join(quote_if_needed(column.name) for column in kept)
    return [f"* EXCEPT ({names})", *(_cast(column, quote_if_needed(column.name)) for column in kept)]


def _cast(column: ColumnDefinition, expression: str) -> str:
    return f"CAST({expression} AS {' '.join(column.type.split())}) AS {quote_if_needed(column.name)}"
