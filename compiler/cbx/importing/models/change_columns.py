"""The columns that the changes of AUTO CDC need, where the source lists the columns of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp
from sqlglot.errors import SqlglotError

from cbx.importing.definitions import FoundChanges, FoundText
from cbx.importing.sql.queries import query_text
from cbx.parse.dialect import read_one


def select_columns(changes: FoundChanges) -> tuple[FoundChanges, tuple[str, ...]]:
    """The changes without a list of columns, and the columns that their source has to select.

    A model lists the columns that the target does not have. So the changes select those of the list, and those that
    keys, sequence and conditions need, of which the target has none.
    """
    if changes.column_list is None:
        return changes, ()
    conditions = [*_columns_of(changes.apply_as_deletes), *_columns_of(changes.apply_as_truncates)]
    listed = {name.lower() for name in changes.column_list}
    needed = [
        name for name in dict.fromkeys((*changes.keys, *changes.sequence_by, *conditions)) if name.lower() not in listed
    ]
    without_list = replace(changes, column_list=None, except_column_list=tuple(needed))
    return without_list, (*changes.column_list, *needed)


def _columns_of(condition: FoundText | None) -> Sequence[str]:
    if condition is None:
        return ()
    try:
        tree = read_one(query_text(condition))
    except SqlglotError:
        return ()
    return [column.parts[0].name for column in tree.find_all(exp.Column)]
