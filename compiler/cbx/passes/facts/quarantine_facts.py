"""Which models have a quarantine table, and with which columns."""

from __future__ import annotations

from cbx.passes.facts.table_facts import END_AT, START_AT
from cbx.stages.resolved_model import Column, ResolvedModel


def has_quarantine(model: ResolvedModel) -> bool:
    """Whether rows that a model drops are kept."""
    return model.quarantine and any(rule.on_violation == "drop" for rule in model.expectations)


def quarantine_columns(model: ResolvedModel) -> tuple[Column, ...] | None:
    """The columns of the dropped rows, but for their broken rules; None if not all are declared.

    Rows are dropped before AUTO CDC applies them: they have the columns that it leaves out, and none of a history.
    """
    if model.columns is None or undeclared_changes(model):
        return None
    history = {START_AT, END_AT} if model.cdc is not None else set()
    return tuple(column for column in model.columns if column.name.upper() not in history)


def undeclared_changes(model: ResolvedModel) -> list[str]:
    """The columns of changes that AUTO CDC leaves out and that are not declared, so that their types are not known."""
    if model.cdc is None:
        return []
    declared = {column.name.lower() for column in model.columns or ()}
    return [name for name in model.cdc.except_columns if name.lower() not in declared]
