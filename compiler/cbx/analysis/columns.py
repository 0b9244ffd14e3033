"""The columns of a query's result, and names in conditions that are no columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cbx.analysis.facts import DOUBTFUL, Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.relation.relations import Relation
from cbx.analysis.sql.scope import UnknownColumn


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of a result: its name, empty where the engine makes one up, and its type where that is certain."""

    name: str
    type: str | None


def output_columns(relation: Relation) -> tuple[OutputColumn, ...] | None:
    """The columns of a query's result, in order; None where it may have others than are known."""
    if relation.is_open:
        return None
    return tuple(OutputColumn(field.name, None if field.type == DOUBTFUL else field.type) for field in relation.fields)


def unknown_columns(condition: str, columns: Iterable[str]) -> tuple[UnknownColumn, ...]:
    """The names in a condition that are not among the columns of the table it is about.

    Args:
        condition: A boolean SQL expression, such as an expectation's.
        columns: The names of the table's columns.

    Returns:
        What is unknown; offsets are those in the condition.
    """
    before = "SELECT 1 FROM rows WHERE "
    table = Table("rows", tuple(TableColumn(name) for name in columns))
    query = read_query(before + condition, {"rows": table})
    moved = (replace(one, start=one.start - len(before), end=one.end - len(before)) for one in query.unknown_columns)
    return tuple(moved)
