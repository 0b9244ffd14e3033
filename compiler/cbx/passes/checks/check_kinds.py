"""Checks that the inputs of a model fit its kind."""

from __future__ import annotations

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report
from cbx.passes.facts.reader_functions import reader_functions
from cbx.project.settings import Project
from cbx.stages.inputs import ModelInput, TableInput
from cbx.stages.resolved import Connected
from cbx.stages.resolved_model import Cdc, ResolvedModel, SqlCode

_STREAMING_KINDS = {
    "streaming_table": ("a streaming table", "make it a `materialized_view`"),
    "auto_cdc": ("an AUTO CDC table", "make it a `materialized_view`"),
    "flow": ("a flow", "write `once=True` for a backfill"),
    "sink": ("a sink", "make it a `materialized_view`"),
}
_BATCH_KINDS = {
    "materialized_view": ("a materialized view", "make it a `streaming_table`"),
    "auto_cdc_from_snapshot": ("a table of snapshots", "make it an `auto_cdc`, which applies changes"),
    "flow": ("a flow that runs once", "remove `once=True`: a stream begins with the rows that are there"),
}
"""Kinds that need a stream or refuse one: what they are called, and what else could be done."""
_CHANGING = {
    "materialized_view": "a materialized view",
    "seed": "a seed",
    "auto_cdc": "the target of AUTO CDC",
    "auto_cdc_from_snapshot": "the target of AUTO CDC",
}
"""Kinds of tables that are not append-only."""


def check_kinds(connected: Connected, report: Report) -> None:
    """Report CBX401 for inputs that do not fit the kind, and CBX402 for streams of tables that are not append-only.

    Before: a ``materialized_view`` that reads ``stream("bronze.orders")``. After: a diagnostic at the input.
    """
    for model in connected.models.values():
        if "inputs" not in model.unread and model.snapshots is None:
            _check_mode(model, report)
        for source in model.model_inputs:
            other = connected.models.get(source.model)
            if other is not None:
                _check_input(model, source, other, report)
        for table in model.inputs:
            if isinstance(table, TableInput) and table.dependency is not None:
                _check_published(model, table, connected.project, report)
        if model.cdc is not None and "scd_type" not in model.unread:
            _check_history(model, model.cdc, report)


def lacks_stream(model: ResolvedModel) -> bool:
    """Whether a model needs a stream and has none among its inputs."""
    return model.kind in _STREAMING_KINDS and not model.reads_in_batch and not model.is_streaming


def _check_mode(model: ResolvedModel, report: Report) -> None:
    if lacks_stream(model):
        what, way_out = _STREAMING_KINDS[model.kind]
        span = model.inputs[0].span if model.inputs else model.spans.whole
        message = f"`{model.id}` is {what}, but none of its inputs is a stream"
        hint = f"read with `stream`, `stream_source`, `auto_loader` or `kafka`, or {way_out}"
        call = next((call for call in reader_functions(model) if call.is_streaming), None)
        if call is not None:
            span, hint = call.span, f"`{call.name}` is not an input: write `{call.replacement}`"
        elif not model.inputs and isinstance(model.code, SqlCode):
            hint = f"{hint}; is the FROM missing?"
        label = "a batch input" if model.inputs and call is None else ""
        causes = [] if model.inputs else [Cause(model.path, "nothing to read columns of")]
        report.add(codes.KIND_MISMATCH, message, span, label=label, hint=hint, causes=causes)
    if model.reads_in_batch:
        what, way_out = _BATCH_KINDS[model.kind]
        for source in model.inputs:
            if source.is_streaming:
                message = f"`{model.id}` is {what}, which reads its inputs in batch, but this one is a stream"
                hint = f"read with `ref`, `source` or `read`, or {way_out}"
                report.add(codes.KIND_MISMATCH, message, source.span, label="a streaming input", hint=hint)


def _check_input(model: ResolvedModel, source: ModelInput, other: ResolvedModel, report: Report) -> None:
    related = [Related(f"`{other.id}` is declared here", other.spans.whole)]
    if source.is_streaming:
        reason = _why_not_append_only(other)
        if reason and not model.reads_in_batch:
            message = f"`{model.id}` streams from `{other.id}`, {reason}"
            hint = "read it with `ref`, in a materialized view"
            causes = [Cause(model.path, "streams")]
            report.add(
                codes.NOT_APPEND_ONLY,
                message,
                source.span,
                label="rows change",
                hint=hint,
                related=related,
                causes=causes,
            )
    elif other.kind == "view" and other.is_streaming and "inputs" not in other.unread:
        message = f"`{model.id}` reads `{other.id}` in batch, but that is a view of a stream"
        hint, causes = "read it with `stream`", [Cause(other.path, "streams")]
        report.add(codes.KIND_MISMATCH, message, source.span, hint=hint, related=related, causes=causes)


def _check_published(model: ResolvedModel, source: TableInput, project: Project, report: Report) -> None:
    """Check that a stream of another project's table reads only what grows."""
    from cbx.passes.facts.published_facts import published_model

    other = published_model(project, source.name)
    if other is None or not other.is_published or not source.is_streaming or model.reads_in_batch:
        return
    if other.kind in _CHANGING or other.replace_using:
        reason = f"{_CHANGING[other.kind]}, whose rows change" if other.kind in _CHANGING else "whose rows are replaced"
        message = f"`{model.id}` streams from `{source.name}`, {reason}"
        hint, causes = "read it with `ref`, in a materialized view", [Cause(model.path, "streams")]
        report.add(codes.NOT_APPEND_ONLY, message, source.span, label="rows change", hint=hint, causes=causes)


def _why_not_append_only(other: ResolvedModel) -> str:
    if other.kind in _CHANGING:
        return f"{_CHANGING[other.kind]}, whose rows change"
    if other.options.replace_using:
        return "whose rows are replaced"
    if other.kind == "view" and not other.is_streaming and "inputs" not in other.unread:
        return "a view of tables that are read in batch"
    return ""


def _check_history(model: ResolvedModel, cdc: Cdc, report: Report) -> None:
    if cdc.scd_type == 2 and cdc.apply_as_truncates is not None:
        message = f"`{model.id}` keeps history (SCD type 2), and a truncate would lose it"
        hint = "truncates exist for `scd_type=1` only"
        report.add(codes.KIND_MISMATCH, message, model.spans.at("apply_as_truncates"), hint=hint)
    if cdc.scd_type == 1 and (cdc.track_history or cdc.track_history_except):
        message = f"`{model.id}` keeps no history (SCD type 1), so none can be tracked"
        hint = "write `scd_type=2`, or remove `track_history`"
        span, causes = model.spans.at("track_history"), [Cause(model.path, "history")]
        report.add(codes.KIND_MISMATCH, message, span, hint=hint, causes=causes)
