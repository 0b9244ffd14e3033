"""What the changes of AUTO CDC select, where the source lists the columns of the target or orders by an expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlglot import exp
from sqlglot.errors import SqlglotError

from cbx.importing.definitions import FoundChanges, FoundText
from cbx.importing.models.column_casts import cast_column
from cbx.importing.sql.queries import query_text
from cbx.parse.databricks_sql.dialect import read_one
from cbx.runtime.sql.column_definitions import ColumnDefinition
from cbx.spark_spelling import quote_if_needed

SEQUENCE: Final = "_sequence"
"""The column with the sequence, where the source orders by an expression."""


def select_columns(changes: FoundChanges, columns: Sequence[ColumnDefinition]) -> tuple[FoundChanges, tuple[str, ...]]:
    """The changes without a list of columns and without expressions, and what their source has to select.

    A model lists the columns that the target does not have. So the changes select those of the list, and those that
    keys, sequence and conditions need, of which the target has none; nor has it the sequence of an expression. The
    selection is empty if the changes have all columns as they are.

    Args:
        changes: The changes.
        columns: The columns that the target declares, whose types the changes get.
    """
    declared = {column.name.lower(): column for column in columns if not column.name.startswith("__")}
    casts = [cast_column(column, quote_if_needed(column.name)) for column in declared.values()]
    names = ", ".join(quote_if_needed(column.name) for column in declared.values())
    selected = [f"* EXCEPT ({names})", *casts] if declared else []
    if changes.column_list is not None:
        changes, listed = _without_list(changes, changes.column_list)
        selected = [
            cast_column(declared[name.lower()], quote_if_needed(name))
            if name.lower() in declared
            else quote_if_needed(name)
            for name in listed
        ]
    if changes.sequence_expression is None:
        return changes, tuple(selected)
    excepted = (*changes.except_column_list, SEQUENCE)
    expression = f"{changes.sequence_expression} AS {SEQUENCE}"
    changes = replace(changes, sequence_by=(SEQUENCE,), sequence_expression=None, except_column_list=excepted)
    return changes, (*(selected or ("*",)), expression)


def _without_list(changes: FoundChanges, column_list: Sequence[str]) -> tuple[FoundChanges, tuple[str, ...]]:
    conditions = [*_columns_of(changes.apply_as_deletes), *_columns_of(changes.apply_as_truncates)]
    listed = {name.lower() for name in column_list}
    needed = [
        name for name in dict.fromkeys((*changes.keys, *changes.sequence_by, *conditions)) if name.lower() not in listed
    ]
    without_list = replace(changes, column_list=None, except_column_list=tuple(needed))
    return without_list, (*column_list, *needed)


def _columns_of(condition: FoundText | None) -> Sequence[str]:
    if condition is None:
        return ()
    try:
        tree = read_one(query_text(condition))
    except SqlglotError:
        return ()
    return [column.parts[0].name for column in tree.find_all(exp.Column)]
