"""The typed rows of seeds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from cbx.syntax.text import Text


class Seed(NamedTuple):
    """The rows of a seed.

    Attributes:
        path: The CSV file.
        lines: The line of each row in the file.
        query: The query that returns the rows.
        values: The values of each column, by its name in lower case; they are equal if Spark takes them as equal.
    """

    path: str
    lines: tuple[int, ...]
    query: Text
    values: Mapping[str, tuple[Hashable, ...]]

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.lines)
