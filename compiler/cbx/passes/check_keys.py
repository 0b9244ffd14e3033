"""Checks that keys are made of columns that exist."""

from __future__ import annotations

from cbx import codes
from cbx.diagnostics import Report, did_you_mean, listing
from cbx.ir.resolved import Column, ResolvedModel, Typed


def check_keys(typed: Typed, report: Report) -> Typed:
    """Report CBX301 for a column of a key, a clustering or a tracked history that the model does not have.

    Before: ``key="customer_nr"`` beside a column ``customer_id``. After: a diagnostic at the key.
    """
    for model in typed.models.values():
        _check(model, "key", model.key or (), model.columns, report)
        _check(model, "cluster_by", model.cluster_by, typed.columns[model.id], report)
        if model.cdc is not None:
            tracked = (*model.cdc.track_history, *model.cdc.track_history_except)
            _check(model, "track_history", tracked, model.columns, report)
    return typed


def _check(
    model: ResolvedModel, argument: str, names: tuple[str, ...], columns: tuple[Column, ...] | None, report: Report
) -> None:
    if columns is None:
        return
    known = {column.name.lower(): column.name for column in columns}
    for number, name in enumerate(names):
        if name.lower() not in known:
            span = model.places.at(argument, number)
            message = f"`{argument}` of `{model.id}` names `{name}`, which is not a column of it"
            hint = did_you_mean(name, known.values(), f"its columns are {listing(known.values())}")
            report.add(codes.UNKNOWN_KEY_COLUMN, message, span, label="not a column", hint=hint)
