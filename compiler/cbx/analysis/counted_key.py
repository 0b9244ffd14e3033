"""Finds the columns that identify the rows that an aggregate should count once, by their positions."""

from __future__ import annotations

from typing import NamedTuple

from cbx.analysis.homes import keys_together
from cbx.analysis.measures import JudgedMeasure


class CountedKey(NamedTuple):
    """Columns of the rows that an aggregate adds up, which identify a row of the home of its values.

    Attributes:
        width: How many columns the rows have.
        positions: The positions of the key's columns, from 1.
        names: Their names.
        columns: The names of all columns, in lower case.
    """

    width: int
    positions: tuple[int, ...]
    names: tuple[str, ...]
    columns: tuple[str, ...]


def find_counted_key(judged: JudgedMeasure) -> CountedKey | None:
    """The columns with which data can decide how often an aggregate counts a row; None where they are not known."""
    if judged.rows is None or judged.rows.is_open or any(home.is_alone for home in judged.homes) or not judged.homes:
        return None
    fields = judged.rows.fields
    at = {field.id: number for number, field in reversed(list(enumerate(fields, start=1)))}
    key = next((sorted(key) for key in keys_together(judged.homes) if key and key <= at.keys()), None)
    if key is None:
        return None
    positions = tuple(at[column] for column in key)
    names = tuple(fields[position - 1].name for position in positions)
    return CountedKey(len(fields), positions, names, tuple(field.name.lower() for field in fields))
