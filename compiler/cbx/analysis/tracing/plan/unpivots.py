"""Reads ``unpivot`` and ``melt``, which make a row of each of some columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.tracing.plan.expressions import Reading, Record
from cbx.analysis.tracing.plan.rows import FoundColumn, MissingColumn, QualifiedColumn, Rows, opaque, parts_of

_UNKNOWN = "columns to unpivot that are not known"


def read_unpivot(record: Record, rows: Rows, reading: Reading) -> Rows:
    """The columns that are kept, the name of one of the others, and its value.

    The name tells the rows that come from one row apart. A column that is listed twice makes two rows of one name.
    """
    kept = _columns(record.get("ids", ()), rows, reading)
    if kept is None or rows.is_open or rows.has_guesses:
        return opaque([rows], _UNKNOWN)
    values = _values(record, rows, kept, reading)
    if not values or len({one.name for one in values}) < len(values):
        return opaque([rows], _UNKNOWN)
    name = reading.context.new_field(record["variable_column_name"], "STRING")
    value = reading.context.new_field(record["value_column_name"], UNKNOWN_TYPE)
    columns = (*kept, QualifiedColumn(name), QualifiedColumn(value))
    fields = tuple(one.field for one in columns)
    reads = frozenset(one.field.id for one in values)
    made = ir.Explode(rows.relation, name.id, (value.id,), reads, False, fields)
    alive = frozenset(one.id for one in fields)
    return replace(rows, relation=ir.Projection(made, (), fields), columns=columns, alive=alive, left_out=())


def _values(
    record: Record, rows: Rows, kept: Sequence[QualifiedColumn], reading: Reading
) -> list[QualifiedColumn] | None:
    """The columns that rows are made of: those that are listed, or all that are not kept."""
    if "values" in record:
        return _columns(record["values"].get("values", ()), rows, reading)
    ids = {one.field.id for one in kept}
    return [one for one in rows.columns if one.field.id not in ids]


def _columns(records: Sequence[Record], rows: Rows, reading: Reading) -> list[QualifiedColumn] | None:
    """The columns that expressions are; None where one is no column that is known."""
    columns: list[QualifiedColumn] = []
    for one in records:
        if one["kind"] != "unresolved_attribute" or one.get("is_metadata_column"):
            return None
        name = one["unparsed_identifier"]
        found = rows.find(name, one.get("plan_id"))
        if found == MissingColumn(is_sure=True):
            reading.report(name, rows, one.get("site"))
        if not isinstance(found, FoundColumn) or found.path:
            return None
        wanted = parts_of(name)[-1].lower()
        matching = [column for column in rows.columns if (column.field.id, column.name) == (found.field.id, wanted)]
        if len(matching) != 1:
            return None
        columns.append(matching[0])
    return columns
