"""Data tests: what is expected of a whole table, and checked after each update."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cbx.diagnostics.source_files import Span
from cbx.syntax.text import Text

TestValue = str | bool | int | float


class AcceptedValues(NamedTuple):
    """A column has only these values, or NULL."""

    column: str
    values: tuple[TestValue, ...]


class FewNulls(NamedTuple):
    """A share of the rows, written as a decimal number up to 1, have a value in a column."""

    column: str
    at_least: str


class RowCount(NamedTuple):
    """The table has so many rows; None for no limit."""

    at_least: int | None
    at_most: int | None


class Freshness(NamedTuple):
    """The newest time in a column is at most as old as ``within``, such as ``1 DAY``.

    If there is a source, it is tested instead of the model.
    """

    column: str
    within: str
    source: Text | None


class NoRows(NamedTuple):
    """A query returns no rows.

    Attributes:
        name: What the test is called; None if it has no name.
        query: The query, with slots for the tables that it reads.
        reads: These tables: the ids of models and the names of others, with their spans.
    """

    name: str | None
    query: Text
    reads: tuple[tuple[str | Text, Span], ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The models that it reads."""
        return tuple(table for table, _ in self.reads if isinstance(table, str))


Rule = AcceptedValues | FewNulls | RowCount | Freshness | NoRows


class DataTest(NamedTuple):
    """A test of a table.

    Attributes:
        rule: What is expected.
        enforce: Whether a violation warns or fails.
        span: The declaration.
        column_span: The name of the column, where there is one.
    """

    rule: Rule
    enforce: Literal["warn", "fail"]
    span: Span
    column_span: Span

    @property
    def word(self) -> str:
        """The word that declares it."""
        return WORDS[type(self.rule)]

    @property
    def column(self) -> str | None:
        """The column that it is about; None if there is none."""
        return self.rule.column if isinstance(self.rule, AcceptedValues | FewNulls | Freshness) else None


WORDS: dict[type, str] = {
    AcceptedValues: "accepted_values",
    FewNulls: "not_null",
    RowCount: "row_count",
    Freshness: "freshness",
    NoRows: "no_rows",
}
