"""Reads the rows in a test: dicts, tuples of which the first names the columns, or a text table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.diagnostic import did_you_mean, listing
from cbx.testing.errors import ModelTestError
from cbx.testing.rows.text_tables import read_text_table

if TYPE_CHECKING:
    from pyspark.sql.types import StructField


@dataclass(frozen=True)
class UntypedRows:
    """Rows whose values are not yet converted to the types of their columns.

    Attributes:
        what: The argument of the test that has them, for messages.
        columns: The columns that they name.
        types: The types that they name, by column.
        rows: The values.
    """

    what: str
    columns: tuple[str, ...]
    types: Mapping[str, str]
    rows: tuple[Sequence[Any], ...]

    def values_of(self, name: str) -> list[Any]:
        """The values of a column; NULLs if the rows do not name it."""
        index = next((place for place, column in enumerate(self.columns) if column.lower() == name.lower()), None)
        return [None if index is None else row[index] for row in self.rows]


def read_rows(rows: Any, what: str) -> UntypedRows:
    """Read rows.

    Args:
        rows: The rows.
        what: The argument of the test that has them, for messages.

    Raises:
        ModelTestError: If they are in none of the supported forms.
    """
    if isinstance(rows, str):
        table = read_text_table(rows, what)
        return UntypedRows(what, table.columns, table.types, table.rows)
    if not isinstance(rows, Sequence):
        kind = type(rows).__name__
        raise ModelTestError(f"{what}: rows must be a list, a text table or a DataFrame, not {kind}")
    dicts = [row.asDict() if hasattr(row, "asDict") else row for row in rows]
    if all(isinstance(row, Mapping) for row in dicts):
        names = tuple(dict.fromkeys(str(name) for row in dicts for name in row))
        return UntypedRows(what, names, {}, tuple([row.get(name) for name in names] for row in dicts))
    if not all(isinstance(row, tuple) for row in rows):
        raise ModelTestError(f"{what}: rows must be all dicts, or all tuples of which the first names the columns")
    return _read_tuples(rows[0], tuple(rows[1:]), what)


def _read_tuples(header: tuple[Any, ...], rows: tuple[tuple[Any, ...], ...], what: str) -> UntypedRows:
    if not all(isinstance(name, str) for name in header):
        hint = 'such as [("customer_id", "customer_name"), (1, "Ann")]'
        raise ModelTestError(f"{what}: the first tuple must name the columns, and {header!r} does not", hint)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ModelTestError(f"{what}, row {number}: {len(row)} values for {len(header)} columns: {row!r}")
    return UntypedRows(what, header, {}, rows)


def read_expected_rows(
    rows: Any, table: str, table_fields: Mapping[str, StructField]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The rows that a test expects of a table, with their values converted to the types of the columns.

    Args:
        rows: The rows.
        table: The name of the table.
        table_fields: The table's columns, by their names in lower case.

    Returns:
        The columns that the rows name, and the rows.

    Raises:
        ModelTestError: If they name a column that the table does not have, or a value is not of the column's type.
    """
    from cbx.testing.rows.typed_values import convert_value, plain_value

    untyped = read_rows(rows, "expected")
    for name in untyped.columns:
        if name.lower() not in table_fields:
            names = [field.name for field in table_fields.values()]
            hint = did_you_mean(name, names, otherwise=f"it has {listing(names)}")
            raise ModelTestError(f"expected: `{table}` has no column `{name}`", hint)
    fields = [table_fields[name.lower()] for name in untyped.columns]
    typed_rows = [
        tuple(
            plain_value(convert_value(value, field.dataType, f"expected, row {number}, {field.name}"), field.dataType)
            for value, field in zip(row, fields, strict=True)
        )
        for number, row in enumerate(untyped.rows, start=1)
    ]
    return [field.name for field in fields], typed_rows
