"""The typed rows of seeds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from cbx.syntax.text import Text


class Seed(NamedTuple):
    """The rows of a seed.

    Attributes:
        path: The CSV file.
        row_count: How many rows there are.
        query: The query that returns the rows.
        values: The values of each column, by its name in lower case; they are equal if Spark takes them as equal.
    """

    path: str
    row_count: int
    query: Text
    values: Mapping[str, tuple[Hashable, ...]]
