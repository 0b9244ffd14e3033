"""Reads ``fillna``, ``replace`` and ``dropna``."""

from __future__ import annotations

from dataclasses import replace

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.needs import NOTHING, need_any
from cbx.analysis.tracing.plan.reading import Reading, Record
from cbx.analysis.tracing.plan.rows import QualifiedColumn, Rows, with_relation

_NUMBERS = ("TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL")
_FAMILIES = {"string": ("STRING",), "boolean": ("BOOLEAN",)}


def read_fill_or_replace(record: Record, rows: Rows, reading: Reading) -> Rows:
    """Replace values of columns: each new column is determined by the old one."""
    wanted = {name.lower() for name in record.get("cols", ())}
    values = record.get("values", [])
    families = {kind for literal in values for kind in _FAMILIES.get(literal["type"], _NUMBERS)} if not wanted else None
    definitions = []
    columns = []
    for column in rows.columns:
        old = column.field
        if (wanted and column.name not in wanted) or not _may_hold(old, families if values else None):
            columns.append(column)
            continue
        new = Field(reading.context.number(), old.name, old.type)
        value = ir.Computed(f"?{new.id}", frozenset({old.id}))
        definitions.append(ir.Definition(new.id, value))
        columns.append(QualifiedColumn(new, column.qualifiers))
    fields = tuple(column.field for column in columns)
    relation = ir.Projection(rows.relation, tuple(definitions), fields, rows.is_open)
    alive = rows.alive | {definition.column for definition in definitions}
    return replace(rows, relation=relation, columns=tuple(columns), alive=alive)


def _may_hold(column: Field, families: set[str] | None) -> bool:
    is_known = column.type is not None and column.type != UNKNOWN_TYPE
    return families is None or not is_known or str(column.type).split("(")[0] in families


def read_drop_na(record: Record, rows: Rows, reading: Reading) -> Rows:
    """Drop rows with NULL in the named columns, or in any column."""
    reading.report_missing(record.get("cols", ()), rows)
    wanted = {name.lower() for name in record.get("cols", ())}
    ids = [column.field.id for column in rows.columns if not wanted or column.name in wanted]
    predicates: tuple[ir.Predicate, ...] = tuple(ir.NotNull(column_id) for column_id in ids)
    least = record.get("min_non_nulls")
    are_all_known = wanted <= {column.name for column in rows.columns} if wanted else not rows.is_open
    if least is not None and (least < len(ids) or not are_all_known):
        needs = need_any((frozenset({column_id}),) for column_id in ids) if least > 0 and are_all_known else NOTHING
        predicates = (ir.Condition(frozenset(ids), needs),)
    return with_relation(rows, ir.Filter(rows.relation, predicates, rows.fields, rows.is_open))
