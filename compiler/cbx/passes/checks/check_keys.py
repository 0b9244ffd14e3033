"""Checks that the columns of keys exist."""

from __future__ import annotations

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean, listing
from cbx.stages.resolved import Typed
from cbx.stages.resolved_model import Column, ResolvedModel


def check_keys(typed: Typed, report: Report) -> None:
    """Report CBX301 for a column of a key, a clustering, a partition or a tracked history that the model does not have.

    Before: ``key="customer_nr"`` beside a column ``customer_id``. After: a diagnostic at the key.
    """
    for model in typed.models.values():
        rows = _change_columns(model, typed) if model.cdc is not None else typed.columns[model.id]
        _check_columns(model, ("key",), model.key or (), rows, report)
        for number, key in enumerate(model.further_keys):
            _check_columns(model, ("keys", number), key, rows, report)
        _check_columns(model, ("cluster_by",), model.cluster_by, typed.columns[model.id], report)
        _check_columns(model, ("partition_cols",), model.options.partition_cols, typed.columns[model.id], report)
        _check_columns(model, ("replace_using",), model.options.replace_using, rows, report)
        if model.options.sequence_by is not None:
            _check_columns(model, ("sequence_by",), (model.options.sequence_by,), rows, report)
        if model.cdc is not None:
            kept = [name for name in model.cdc.sequence_by if name not in model.cdc.except_columns]
            _check_columns(model, ("sequence_by",), tuple(kept), rows, report)
            ignored = model.cdc.ignore_null_updates
            _check_columns(model, ("ignore_null_updates",), () if isinstance(ignored, bool) else ignored, rows, report)
            _check_columns(model, ("track_history",), model.cdc.track_history, rows, report)
            _check_columns(model, ("track_history", "except"), model.cdc.track_history_except, rows, report)
            _check_key_is_kept(model, report)


def _change_columns(model: ResolvedModel, typed: Typed) -> tuple[Column, ...] | None:
    """The columns of the changes that an ``auto_cdc`` model applies: those of its code, else the declared ones."""
    relation = typed.relations.get(model.id)
    if relation is None or relation.is_open:
        return model.columns
    from cbx.analysis.columns import known_type

    return tuple(Column(field.name, known_type(field) or "") for field in relation.fields)


def _check_key_is_kept(model: ResolvedModel, report: Report) -> None:
    """Check that the table of an ``auto_cdc`` model keeps its key, by which changes find their rows."""
    left_out = {name.lower() for name in model.cdc.except_columns} if model.cdc is not None else set()
    for number, name in enumerate(model.key or ()):
        if name.lower() in left_out:
            message = f"`except_columns` of `{model.id}` excludes `{name}`, which is a part of its key"
            hint = "the table needs its key: keep the column"
            report.add(codes.UNKNOWN_KEY_COLUMN, message, model.spans.at("key", number), hint=hint)


def _check_columns(
    model: ResolvedModel,
    argument: tuple[str | int, ...],
    names: tuple[str, ...],
    columns: tuple[Column, ...] | None,
    report: Report,
) -> None:
    if columns is None or not names:
        return
    names_by_key = {column.name.lower(): column.name for column in columns}
    for number, name in enumerate(names):
        if name.lower() not in names_by_key:
            span = model.spans.at(*argument, number)
            message = f"`{argument[0]}` of `{model.id}` names `{name}`, which is not one of its columns"
            hint = did_you_mean(name, names_by_key.values(), f"its columns are {listing(names_by_key.values())}")
            causes = [Cause(model.path, f"column {name.lower()}")]
            report.add(codes.UNKNOWN_KEY_COLUMN, message, span, label="not a column", hint=hint, causes=causes)
