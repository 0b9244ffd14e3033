"""Checks that keys are made of columns that exist."""

from __future__ import annotations

from cbx import codes
from cbx.diagnostics import Report, did_you_mean, listing
from cbx.ir.resolved import Typed


def check_keys(typed: Typed, report: Report) -> Typed:
    """Report CBX301 for a column of a key, a sequence or a clustering that the model does not have.

    Before: ``key="customer_nr"`` beside a column ``customer_id``. After: a diagnostic at the key.
    """
    for model in typed.models.values():
        columns = model.columns
        if columns is None:
            continue
        names = {column.name.lower(): column.name for column in columns}
        wanted = {"key": model.key or (), "cluster_by": model.cluster_by}
        if model.cdc is not None:
            wanted["track_history"] = (*model.cdc.track_history, *model.cdc.track_history_except)
        for argument, listed in wanted.items():
            for number, name in enumerate(listed):
                if name.lower() not in names:
                    span = model.places.at(argument, number)
                    message = f"`{argument}` of `{model.id}` names `{name}`, which is not a column of it"
                    hint = did_you_mean(name, names.values(), f"its columns are {listing(list(names.values()))}")
                    report.add(codes.UNKNOWN_KEY_COLUMN, message, span, label="not a column", hint=hint)
    return typed
