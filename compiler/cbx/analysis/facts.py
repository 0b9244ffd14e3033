"""What is known of the tables that a query reads and of their relationships: the input of the analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Cardinality = Literal["one_to_one", "one_to_many"]


UNKNOWN_TYPE = "?"
"""The unknown type of an expression.

A column without a declared type has the type None instead: it is assumed to be compared with columns of its own type.
Nothing is assumed of an expression of this type."""


MeasureKind = Literal["total", "rate", ""]
"""What a column is declared to be: a total belongs to a row as a whole, a rate is per unit."""


class ColumnHome(NamedTuple):
    """The table whose rows a column is a property of, seen from a table that holds the column.

    Attributes:
        table: The table of its home; empty for the table that holds it, or for rows of a subquery in it.
        key: The columns, of the table that holds it, that identify the rows of its home; empty if there are none.
        is_repeated: Whether a row of its home is in several rows here; None where that is not known.
        measure: What it is.
    """

    table: str = ""
    key: tuple[str, ...] = ()
    is_repeated: bool | None = False
    measure: MeasureKind = ""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of its home: several for a value that is computed from several; none for the one that holds it."""
        return tuple(self.table.split(TOGETHER)) if self.table else ()


TOGETHER = ", "
"""Between the tables of a home."""
UNKNOWN_HOME = ColumnHome(is_repeated=None)
"""That of a column of which it is not known whose property it is."""
OTHER_COLUMNS = ""
"""Among the homes of a table's columns, by name, the name of all that are not listed."""


class TableColumn(NamedTuple):
    """A column of a table.

    Attributes:
        name: Its name; not case-sensitive.
        type: Its SQL type as Databricks spells it; None where none is declared, `UNKNOWN_TYPE` for an expression of
            unknown type.
        not_null: Whether it is never NULL.
    """

    name: str
    type: str | None = None
    not_null: bool = False


@dataclass(frozen=True, slots=True)
class CurrentKey:
    """Columns that are unique among the rows in which another column is NULL.

    Example: the current rows of an AUTO CDC target with SCD type 2, ``CurrentKey(("customer_id",), "__END_AT")``. With
    a ``start`` column, the periods from ``start`` until ``null_column`` of the rows of one key do not overlap. The
    ``sequence`` columns order the versions of a key.
    """

    columns: tuple[str, ...]
    null_column: str
    start: str | None = None
    sequence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view that queries read.

    Attributes:
        name: Its name in relationships and lineage.
        columns: Its columns, in order; None where they are not known.
        keys: Unique sets of columns; two NULLs are equal.
        current_keys: Sets of columns that are unique among the current rows.
        is_streaming: Whether the query reads it as a stream, each row once.
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
