"""The columns of a query's result, and unknown columns in a condition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cbx.analysis.facts import UNKNOWN_TYPE, Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.scope import UnknownColumn
from cbx.analysis.types.type_rules import holds_void


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of a result.

    Attributes:
        name: Its name; empty where Spark generates one.
        type: Its SQL type; None where it is not known.
    """

    name: str
    type: str | None


def output_columns(relation: Relation) -> tuple[OutputColumn, ...] | None:
    """The columns of a query's result, in order; None where it may have further columns."""
    if relation.is_open:
        return None
    return tuple(OutputColumn(field.name, known_type(field)) for field in relation.fields)


def known_type(field: Field) -> str | None:
    """The type of a column of a result; None where it is not known, and for NULL."""
    return None if not field.type or field.type == UNKNOWN_TYPE or holds_void(field.type) else field.type


def unknown_columns(condition: str, columns: Iterable[str]) -> tuple[UnknownColumn, ...]:
    """The names in a condition that are not columns of its table.

    Args:
        condition: A boolean SQL expression, such as an expectation's.
        columns: The names of the table's columns.

    Returns:
        The unknown columns. Their offsets count from the start of the condition.
    """
    before = "SELECT 1 FROM rows WHERE "
    table = Table("rows", tuple(TableColumn(name) for name in columns))
    query = read_query(before + condition, {"rows": table})
    shifted = (
        replace(column, start=column.start - len(before), end=column.end - len(before))
        for column in query.unknown_columns
    )
    return tuple(shifted)
