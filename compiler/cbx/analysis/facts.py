"""What is known of the tables that a query reads, and of how they relate: what the analysis starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Cardinality = Literal["one_to_one", "one_to_many"]


DOUBTFUL = "?"
"""The type of an expression that is not known. Of a column whose type nobody declared it is assumed that it is compared
with columns of the same type; of what a function makes of columns, nothing is assumed."""


class TableColumn(NamedTuple):
    """A column of a table.

    Attributes:
        name: Its name; compared without regard to case.
        type: Its SQL type as Databricks spells it; None where nobody declared it, `DOUBTFUL` where it is that of an
            expression and not known.
        not_null: Whether it is never NULL.
    """

    name: str
    type: str | None = None
    not_null: bool = False


@dataclass(frozen=True, slots=True)
class CurrentKey:
    """Columns that are unique among the rows in which another column is NULL.

    The rows of an AUTO CDC target of type 2 that hold now: ``CurrentKey(("customer_id",), "__END_AT")``. Where also a
    start is named, no two rows of one key hold at one time, each from its start until the column that may be NULL.
    """

    columns: tuple[str, ...]
    null_column: str
    start: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view that queries read.

    Attributes:
        name: The name under which relationships and lineage speak of it.
        columns: Its columns in order; None where they are not known.
        keys: Column sets that are unique, NULLs taken as equal.
        current_keys: Column sets that are unique among current rows only.
        is_streaming: Whether the query reads it as a stream, each row once and for all.
    """

    name: str
    columns: tuple[TableColumn, ...] | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    current_keys: tuple[CurrentKey, ...] = ()
    is_streaming: bool = False


@dataclass(frozen=True, slots=True)
class TableRelationship:
    """A declared relationship; ``on`` pairs the child's columns with the parent's."""

    parent: str
    child: str
    on: tuple[tuple[str, str], ...]
    cardinality: Cardinality
