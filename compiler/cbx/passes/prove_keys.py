"""Decides for each declared key whether it is proven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, listing
from cbx.passes.facts.flow_facts import flows_by_target
from cbx.passes.facts.relationship_facts import declarations_of, facts_by_child, facts_of_inputs
from cbx.passes.facts.schema_conversions import converted_columns
from cbx.passes.facts.table_facts import holds_key
from cbx.stages.resolved import Connected, Proven, Relationship, Verdict
from cbx.stages.resolved_model import ResolvedModel, SqlCode

if TYPE_CHECKING:
    from cbx.analysis import verdicts
    from cbx.analysis.facts import TableRelationship


def prove_keys(connected: Connected, report: Report) -> Proven:
    """From declared keys to verdicts.

    Before: ``silver.customers`` is the target of AUTO CDC by ``customer_id``, and a query groups by that column.
    After: both keys are proven: AUTO CDC keeps one row of each key (of type 2, one that holds now), and so does
    GROUP BY. CBX308 for a key that a declared relationship refutes, CBX309 for one that is left to the data.
    """
    relationships = facts_by_child(connected) if connected.relations else {}
    reasons: dict[tuple[str, _Key], str] = {}
    flows = flows_by_target(connected.models)
    for model in connected.models.values():
        for key in _declared_keys(model):
            reason = _why_unproven(model, key, connected, facts_of_inputs(model, relationships), report)
            reason = _with_flows(reason, model, key, flows.get(model.id, ()), connected)
            reasons[model.id, key] = _with_conversions(reason, model, key, connected)
    if not report.has_errors:
        for (name, key), reason in reasons.items():
            _report_unproven_key(connected.models[name], key, reason, report)
    verdicts_by_id: dict[str, Verdict] = {}
    further: dict[str, tuple[Verdict, ...]] = {}
    for (name, key), reason in reasons.items():
        if key.path == ("key",):
            verdicts_by_id[name] = _verdict(reason)
        else:
            further[name] = (*further.get(name, ()), _verdict(reason))
    return Proven(
        connected.project,
        connected.models,
        connected.columns,
        connected.partly_declared,
        connected.traced,
        connected.proven_keys,
        connected.relationships,
        verdicts_by_id,
        further,
        connected.measures,
    )


def _with_flows(reason: str, model: ResolvedModel, key: _Key, flows: Sequence[str], connected: Connected) -> str:
    """The reason why the key of a table is not proven: what holds in its own query may not hold with other rows."""
    is_proven = holds_key(key.columns, connected.proven_keys.get(model.id, ()))
    if not flows or model.cdc is not None or is_proven or reason not in {"", _COLLISIONS}:
        return reason
    return f"{listing(flows)} add{'s' if len(flows) == 1 else ''} further rows"


def _with_conversions(reason: str, model: ResolvedModel, key: _Key, connected: Connected) -> str:
    """The reason why the key of a table is not proven: its schema may convert two values of the query to one."""
    if reason not in {"", _COLLISIONS}:
        return reason
    converted = converted_columns(
        model,
        connected.relations.get(model.id),
        connected.project,
        is_partly_declared=model.id in connected.partly_declared,
    )
    for name in key.columns:
        if name.lower() in converted:
            produced, declared = converted[name.lower()]
            source = f"from {produced} " if produced is not None else ""
            unknown = "" if produced is not None else ", and the type that the code produces is not known"
            return f"the table's schema converts `{name}` {source}to {declared}{unknown}"
    return reason


class _Key(NamedTuple):
    """A declared key: its columns, and the path of its declaration."""

    columns: tuple[str, ...]
    path: tuple[str | int, ...]


def _declared_keys(model: ResolvedModel) -> list[_Key]:
    """The declared keys of a model that could be read."""
    keys = [_Key(model.key, ("key",))] if model.key and "key" not in model.unread else []
    return [*keys, *(_Key(key, ("keys", number)) for number, key in enumerate(model.further_keys))]


_COLLISIONS = "only two texts with the same hash could violate it"


def _verdict(reason: str) -> Verdict:
    if reason == _COLLISIONS:
        return "proven_but_for_collisions"
    return "unproven" if reason else "proven"


def _report_unproven_key(model: ResolvedModel, key: _Key, reason: str, report: Report) -> None:
    """Report why a key is unproven; called only without errors, since an error may be the reason."""
    if reason:
        word = "proven but for collisions" if reason == _COLLISIONS else "not proven"
        message = f"the key {listing(key.columns)} of `{model.id}` is {word}: {reason}"
        report.add(codes.UNPROVEN_KEY, message, model.spans.at(*key.path), hint="it is checked on the data")


def _why_unproven(
    model: ResolvedModel, key: _Key, connected: Connected, relationships: tuple[TableRelationship, ...], report: Report
) -> str:
    """The reason why a key is not proven; empty if it is."""
    if model.cdc is not None:
        return "" if holds_key(key.columns, [model.key or key.columns]) else "changes are applied by another key"
    if holds_key(key.columns, connected.proven_keys.get(model.id, ())):
        return ""
    relation = connected.relations.get(model.id)
    reason = "its query was not analysed" if isinstance(model.code, SqlCode) else "its function was not traced"
    if relation is not None:
        from cbx.analysis import verdicts

        verdict = verdicts.judge_key(relation, key.columns, relationships, connected.grains.get(model.id))
        if isinstance(verdict, verdicts.KeyProven):
            return ""
        if isinstance(verdict, verdicts.KeyProvenButForCollisions):
            return _COLLISIONS
        if isinstance(verdict, verdicts.KeyRefuted):
            if model.options.replace_using:
                return "its query has several rows for one key, of which new ones replace old ones"
            _report_fan_out(model, key, verdict, connected.relationships, report)
            return "it is refuted"
        reason = verdict.reason
    return reason


def _report_fan_out(
    model: ResolvedModel,
    declared: _Key,
    verdict: verdicts.KeyRefuted,
    relationships: tuple[Relationship, ...],
    report: Report,
) -> None:
    from cbx.analysis.facts import TableRelationship
    from cbx.passes.model_code.model_analysis import span_of

    key = listing(declared.columns)
    if isinstance(verdict.cause, TableRelationship):
        reason = f"one row of `{verdict.cause.parent}` has many of `{verdict.table}`"
        what = f"this join with `{verdict.table}` repeats rows"
    else:
        reason = f"`{verdict.table}` has every version of a row"
        what = f"`{verdict.table}` has several rows for each {listing(verdict.cause.columns)}"
    true_key = f"; {listing(verdict.true_key)} would be one" if verdict.true_key else ""
    message = f"{key} is not a key of `{model.id}`: {reason}"
    hint = f"aggregate `{verdict.table}` before it is joined, or declare another key{true_key}"
    if not isinstance(verdict.cause, TableRelationship):
        hint = f"keep the current rows only (`__END_AT IS NULL`), or declare another key{true_key}"
    span = span_of(model, verdict.place)
    related = declarations_of(verdict.cause, relationships)
    report.add(codes.FAN_OUT, message, span or model.spans.at(*declared.path), label=what, hint=hint, related=related)
