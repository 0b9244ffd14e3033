"""Reads ``unpivot`` and ``melt``, which turn columns into rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cbx.analysis.relation import relations as ir
from cbx.analysis.tracing.plan.reading import Reading, Record
from cbx.analysis.tracing.plan.rows import FoundColumn, MissingColumn, QualifiedColumn, Rows, opaque_rows, parts_of
from cbx.analysis.types.value_types import united_type

_UNKNOWN = "columns to unpivot that are not known"


def read_unpivot(record: Record, rows: Rows, reading: Reading) -> Rows:
    """The kept columns, and the name and value of one of the others.

    The name distinguishes the rows from one row. A column that is listed twice gives two rows of one name.
    """
    kept = _find_columns(record.get("ids", ()), rows, reading)
    if kept is None or rows.is_open or rows.has_guesses:
        return opaque_rows([rows], _UNKNOWN)
    values = _value_columns(record, rows, kept, reading)
    if not values or len({column.name for column in values}) < len(values):
        return opaque_rows([rows], _UNKNOWN)
    name = reading.context.new_field(record["variable_column_name"], "STRING")
    kind = united_type(column.field.type for column in values)
    value = reading.context.new_field(record["value_column_name"], kind)
    columns = (*kept, QualifiedColumn(name), QualifiedColumn(value))
    fields = tuple(column.field for column in columns)
    reads = frozenset(column.field.id for column in values)
    exploded = ir.Explode(rows.relation, name.id, (value.id,), reads, False, fields)
    alive = frozenset(field.id for field in fields)
    return replace(rows, relation=ir.Projection(exploded, (), fields), columns=columns, alive=alive, left_out=())


def _value_columns(
    record: Record, rows: Rows, kept: Sequence[QualifiedColumn], reading: Reading
) -> list[QualifiedColumn] | None:
    """The columns that become rows: those that are listed, or all that are not kept."""
    if "values" in record:
        return _find_columns(record["values"].get("values", ()), rows, reading)
    ids = {column.field.id for column in kept}
    return [column for column in rows.columns if column.field.id not in ids]


def _find_columns(records: Sequence[Record], rows: Rows, reading: Reading) -> list[QualifiedColumn] | None:
    """The columns that expressions name; None if one is no known column."""
    columns: list[QualifiedColumn] = []
    for record in records:
        if record["kind"] != "unresolved_attribute" or record.get("is_metadata_column"):
            return None
        name = record["unparsed_identifier"]
        match = rows.find(name, record.get("plan_id"))
        if match == MissingColumn(is_sure=True):
            reading.report(name, rows, record.get("site"))
        if not isinstance(match, FoundColumn) or match.path:
            return None
        wanted = parts_of(name)[-1].lower()
        matching = [column for column in rows.columns if (column.field.id, column.name) == (match.field.id, wanted)]
        if len(matching) != 1:
            return None
        columns.append(matching[0])
    return columns
