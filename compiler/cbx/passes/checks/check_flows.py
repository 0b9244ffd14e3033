"""Checks flows against their targets."""

from __future__ import annotations

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report, did_you_mean
from cbx.diagnostics.did_you_mean import nearest
from cbx.diagnostics.source_files import Span
from cbx.parse.databricks_sql.types import is_same_type
from cbx.stages.resolved import Typed
from cbx.stages.resolved_model import Column, FlowTarget, ResolvedModel

_CAN_BE_FILLED = frozenset({"streaming_table", "auto_cdc", "sink"})


def check_flows(typed: Typed, report: Report) -> None:
    """Report CBX430 for a target that flows cannot fill, or a flow that is read; CBX330 for columns of another table.

    Before: a flow into ``silver.orders`` that selects ``amout`` instead of ``amount``. After: a diagnostic at the
    target's name.
    """
    for model in typed.models.values():
        for source in model.model_inputs:
            _check_not_a_flow(model, source.model, source.span, "reads", typed, report)
        for claim in model.claims:
            other = claim.child if claim.parent == model.id else claim.parent
            _check_not_a_flow(model, other, claim.model_span, "is related to", typed, report)
        if model.flow is not None and model.flow.model in typed.models and "into" not in model.unread:
            _check_target(model, model.flow, typed.models[model.flow.model], typed, report)


def _check_not_a_flow(model: ResolvedModel, other: str, span: Span, verb: str, typed: Typed, report: Report) -> None:
    flow = typed.models[other].flow if other in typed.models else None
    if flow is not None:
        message = f"`{model.id}` {verb} `{other}`, which is a flow and has no table"
        related = [Related(f"`{other}` is declared here", typed.models[other].spans.whole)]
        report.add(codes.FLOW_WITHOUT_TABLE, message, span, hint=f"name its target, `{flow.model}`", related=related)


def _check_target(model: ResolvedModel, flow: FlowTarget, target: ResolvedModel, typed: Typed, report: Report) -> None:
    if target.kind not in _CAN_BE_FILLED:
        message = f"`{model.id}` writes into `{target.id}`, which is a `{target.kind}`"
        related = [Related(f"`{target.id}` is declared here", target.spans.whole)]
        hint = "a flow writes into a `streaming_table`, an `auto_cdc` or a `sink`"
        report.add(codes.INVALID_FLOW_TARGET, message, flow.span, label="not a target", hint=hint, related=related)
        return
    if flow.once and "once" not in model.unread and (target.kind == "sink" or target.options.replace_using):
        reason = "the sink `{}` takes only streams" if target.kind == "sink" else "only streams replace rows of `{}`"
        message = f"`{model.id}` runs once, and {reason.format(target.id)}"
        hint = "remove `once=True`: a stream begins with the rows that are there"
        report.add(codes.INVALID_FLOW_TARGET, message, model.spans.at("once"), hint=hint)
    produced, expected = typed.columns[model.id], _columns_of_rows(target, typed)
    if produced is not None and expected is not None:
        _compare_columns(model, flow, target, produced, expected, report)


def _columns_of_rows(target: ResolvedModel, typed: Typed) -> tuple[Column, ...] | None:
    """The columns of the rows that are written to a target: those of its own query, also where AUTO CDC omits some.

    Declared columns that the query does not have are reported elsewhere.
    """
    relation = typed.relations.get(target.id)
    if relation is None or relation.is_open:
        return typed.columns[target.id] if target.cdc is None else None
    from cbx.analysis.columns import known_type

    declared = {column.name.lower(): column.type for column in target.columns or ()}
    types = [known_type(field) or declared.get(field.name.lower(), "") for field in relation.fields]
    return tuple(Column(field.name, kind) for field, kind in zip(relation.fields, types, strict=True))


def _compare_columns(
    model: ResolvedModel,
    flow: FlowTarget,
    target: ResolvedModel,
    produced: tuple[Column, ...],
    expected: tuple[Column, ...],
    report: Report,
) -> None:
    by_name = {column.name.lower(): column for column in produced}
    names = {column.name.lower() for column in expected}
    undeclared = [column.name for column in produced if column.name.lower() not in names]
    missing = [column for column in expected if column.name.lower() not in by_name]
    related = [Related(f"`{target.id}` is declared here", target.spans.whole)]

    def add(message: str, label: str, hint: str, *names: str) -> None:
        causes = [Cause(path, f"column {name.lower()}") for path in (model.path, target.path) for name in names]
        report.add(codes.FLOW_COLUMNS, message, flow.span, label=label, hint=hint, related=related, causes=causes)

    meant: list[str] = []
    for column in missing:
        near = nearest(column.name, undeclared)
        meant += [near] if near is not None else []
        message = f"`{model.id}` does not produce the column `{column.name}` of `{target.id}`"
        select = f"select it, or `CAST(NULL AS {column.type or '...'}) AS {column.name}`"
        hint = did_you_mean(column.name, undeclared, select) or select
        add(message, "a column is missing", hint, column.name, *([near] if near is not None else []))
    for name in undeclared:
        if name not in meant:
            message = f"`{model.id}` produces the column `{name}`, which `{target.id}` does not have"
            add(message, "one column more", "remove it, or add it to the target", name)
    for column in expected:
        match = by_name.get(column.name.lower())
        if match is not None and match.type and column.type and not is_same_type(match.type, column.type):
            message = f"`{column.name}` of `{target.id}` is {column.type}, but `{model.id}` produces {match.type}"
            add(message, "types differ", f"cast it to {column.type}", column.name)
