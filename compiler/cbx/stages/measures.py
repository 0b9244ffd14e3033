"""Aggregates of models, and whether they count each row of their tables once."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cbx.analysis.facts import MeasureKind, TableRelationship
from cbx.diagnostics.source_files import Span
from cbx.syntax.text import Text


class MeasureRepetition(NamedTuple):
    """Why an aggregate counts a row several times.

    Attributes:
        table: The table with several rows for each; empty for the elements of a collection.
        reason: The reason, in words.
        span: The join, or what else repeats the rows; None if unknown.
        relationship: The declared relationship that implies it; None for another reason.
        is_declared: Whether a declaration says that there are several rows, not only that there may be.
    """

    table: str
    reason: str
    span: Span | None
    relationship: TableRelationship | None
    is_declared: bool


class MeasureQuery(NamedTuple):
    """A query that counts how often an aggregate counts each row of its home, which has the columns of ``key``."""

    text: Text
    key: tuple[str, ...]


class MeasureResult(NamedTuple):
    """An aggregate of a model, and whether it counts each row of its tables once.

    Attributes:
        column: The column of the result that holds it; None where it is only a part of one.
        function: The aggregate function.
        verdict: The verdict.
        homes: The home tables of its values, sorted.
        text: The aggregate as it is written; for Python its function and the names of ``values``.
        values: The names of the columns that its values come from.
        measure: What these columns are declared to be, or a total where they are totals themselves.
        span: Where it is; None if unknown.
        repeated_by: Why it counts rows several times; None for another verdict.
        query: The query that checks it on the data; None where it is not checked.
    """

    column: str | None
    function: str
    verdict: Literal["exact", "repeated", "unknown"]
    homes: tuple[str, ...]
    text: str
    values: tuple[str, ...]
    measure: MeasureKind
    span: Span | None
    repeated_by: MeasureRepetition | None
    query: MeasureQuery | None = None
