"""Checks the snapshots that models read one after the other."""

from __future__ import annotations

import re

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.passes.checks.check_function_arguments import check_function_arguments
from cbx.stages.inputs import SnapshotInput
from cbx.stages.resolved import Connected
from cbx.stages.resolved_model import ResolvedModel
from cbx.syntax.text import text_in_words

_URL = re.compile(r"\w+:/")


def check_snapshots(connected: Connected, report: Report) -> None:
    """Report CBX401 for snapshots in another kind of model, CBX403 and CBX437 for snapshots that cannot be read.

    Before: a ``materialized_view`` that reads ``snapshots("/landing/merchants", format="csv")``. After: a diagnostic
    at the input.
    """
    for model in connected.models.values():
        if model.snapshots is not None and "inputs" not in model.unread:
            _check_place(model, model.snapshots, report)
            _check_model(model, model.snapshots, report)


def _check_model(model: ResolvedModel, snapshots: SnapshotInput, report: Report) -> None:
    span = snapshots.span
    if model.kind != "auto_cdc_from_snapshot":
        message = f"`{model.id}` is a `{model.kind}`, and only an `auto_cdc_from_snapshot` reads snapshots"
        hint = "make it one, or read new files with `auto_loader`"
        report.add(codes.KIND_MISMATCH, message, span, label="snapshots", hint=hint)
    elif len(model.inputs) > 1:
        message = f"`{model.id}` reads one snapshot after the other, so it can read nothing beside them"
        hint = "join in another model, which reads this one"
        report.add(codes.KIND_MISMATCH, message, span, label="snapshots", hint=hint)
    elif model.expectations:
        message = f"`{model.id}` has expectations, which need a view, and `snapshots` are read without one"
        hint = "declare them on the models that read this table"
        report.add(codes.UNUSABLE_SNAPSHOTS, message, model.expectations[0].span, hint=hint)


def _check_place(model: ResolvedModel, snapshots: SnapshotInput, report: Report) -> None:
    path, function, span = snapshots.path, snapshots.function, snapshots.span
    if path is None and function is None:
        message = f"the snapshots of `{model.id}` have neither a folder nor a function"
        hint = 'write `snapshots("/Volumes/...", format="csv")`, or `snapshots(function="...")`'
        report.add(codes.MISSING_ARGUMENT, message, span, label="incomplete", hint=hint)
    elif path is not None and function is not None:
        message = f"the snapshots of `{model.id}` have both a folder and a function"
        report.add(codes.UNUSABLE_SNAPSHOTS, message, span, hint="remove one of the two")
    elif function is not None:
        check_function_arguments(model, function, ("last_version",), codes.UNUSABLE_SNAPSHOTS, span, report)
    elif path is not None and _URL.match(path.placeholder()):
        message = f"the snapshots in {text_in_words(path)} cannot be listed: a notebook lists folders of volumes only"
        hint = "write the path of a volume, `/Volumes/catalog/schema/volume/folder`, or a function that returns them"
        report.add(codes.UNUSABLE_SNAPSHOTS, message, span, label="not a volume", hint=hint)
    elif not snapshots.format:
        message = f"the snapshots of `{model.id}` have no format"
        report.add(codes.MISSING_ARGUMENT, message, span, label="incomplete", hint='add `format="csv"`, for example')
