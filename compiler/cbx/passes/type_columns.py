"""Settles which columns each model's table has."""

from __future__ import annotations

from cbx.diagnostics import Report
from cbx.ir.resolved import Column, Linked, ResolvedModel, Typed

START_AT, END_AT = "__START_AT", "__END_AT"


def type_columns(linked: Linked, report: Report) -> Typed:
    """From declarations to the columns of tables.

    Before: an ``auto_cdc`` model of type 2 that declares ``id`` and ``city``. After: these, and the two columns
    that tell since when and until when a version held. None for a model that declares no columns.
    """
    del report
    columns = {model.id: _columns(model, linked) for model in linked.models.values()}
    return Typed(linked.project, linked.models, linked.graph, columns)


def _columns(model: ResolvedModel, linked: Linked) -> tuple[Column, ...] | None:
    del linked
    if model.columns is None or model.cdc is None:
        return model.columns
    left_out = {name.lower() for name in model.cdc.except_columns}
    kept = tuple(column for column in model.columns if column.name.lower() not in left_out)
    if model.cdc.scd_type == 1:
        return kept
    names = {column.name.upper() for column in kept}
    own = [column.type for column in kept if (column.name,) == model.cdc.sequence_by]
    history = [Column(name, own[0] if own else "TIMESTAMP") for name in (START_AT, END_AT) if name not in names]
    return (*kept, *history)
