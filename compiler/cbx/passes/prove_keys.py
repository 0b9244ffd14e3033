"""Gives each declared key its verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cbx import codes
from cbx.diagnostics import Related, Report, listing
from cbx.ir.resolved import Connected, Proven, Relationship, ResolvedModel, SqlCode, Verdict

if TYPE_CHECKING:
    from cbx.analysis import verdicts
    from cbx.analysis.facts import Relationship as RelationshipFact


def prove_keys(connected: Connected, report: Report) -> Proven:
    """From declared keys to verdicts.

    Before: ``silver.customers`` is the target of AUTO CDC by ``customer_id``, and a query groups by that column.
    After: both keys are proven: AUTO CDC keeps one row of each key (of type 2, one that holds now), and so does
    GROUP BY. CBX308 for a key that a declared relationship refutes, CBX309 for one that is left to the data.
    """
    relationships = _by_child(connected.relationships) if connected.relations else {}
    found = {
        model.id: _why_unproven(model, connected, _of_inputs(model, relationships), report)
        for model in connected.models.values()
        if model.key and "key" not in model.unread
    }
    if not report.has_errors:
        for name, reason in found.items():
            _remark(connected.models[name], reason, report)
    verdicts_by_id: dict[str, Verdict] = {name: _verdict(reason) for name, reason in found.items()}
    return Proven(
        connected.project,
        connected.models,
        connected.columns,
        connected.partly_declared,
        connected.traced,
        connected.relationships,
        verdicts_by_id,
    )


_COLLISIONS = "only two texts with the same hash could break it"


def _verdict(reason: str) -> Verdict:
    if reason == _COLLISIONS:
        return "proven_but_for_collisions"
    return "unproven" if reason else "proven"


def _by_child(relationships: Iterable[Relationship]) -> dict[str, list[RelationshipFact]]:
    from cbx.analysis.facts import Relationship as RelationshipFact

    found: dict[str, list[RelationshipFact]] = {}
    for one in relationships:
        found.setdefault(one.child, []).append(RelationshipFact(one.parent, one.child, one.on, one.cardinality))
    return found


def _of_inputs(model: ResolvedModel, by_child: dict[str, list[RelationshipFact]]) -> tuple[RelationshipFact, ...]:
    """The relationships in which a table that a model reads is the child: no other tells anything of its rows."""
    read = sorted({one.model for one in model.model_inputs})
    return tuple(one for child in read for one in by_child.get(child, ()))


def _remark(model: ResolvedModel, reason: str, report: Report) -> None:
    """Say of an unproven key why; beside errors there are no remarks, since they may be what keeps it unproven."""
    if reason:
        word = "proven but for collisions" if reason == _COLLISIONS else "not proven"
        message = f"the key {listing(model.key or ())} of `{model.id}` is {word}: {reason}"
        report.add(codes.UNPROVEN_KEY, message, model.places.at("key"), hint="it is checked on the data")


def _why_unproven(
    model: ResolvedModel, connected: Connected, relationships: tuple[RelationshipFact, ...], report: Report
) -> str:
    """Why a key is not proven; empty if it is."""
    if model.cdc is not None:
        return ""
    declared = {name.lower() for name in model.key or ()}
    if any(declared.issuperset(name.lower() for name in key) for key in connected.proven_keys.get(model.id, ())):
        return ""
    relation = connected.relations.get(model.id)
    reason = "its query was not analysed" if isinstance(model.code, SqlCode) else "its function was not traced"
    if relation is not None:
        from cbx.analysis import verdicts

        verdict = verdicts.judge_key(relation, model.key or (), relationships)
        if isinstance(verdict, verdicts.Proven):
            return ""
        if isinstance(verdict, verdicts.ProvenButForCollisions):
            return _COLLISIONS
        if isinstance(verdict, verdicts.Refuted):
            _report_fan_out(model, verdict, connected.relationships, report)
            return "it is refuted"
        reason = verdict.reason
    return reason


def _report_fan_out(
    model: ResolvedModel, verdict: verdicts.Refuted, relationships: tuple[Relationship, ...], report: Report
) -> None:
    from cbx.analyse import span_of
    from cbx.analysis.facts import Relationship as RelationshipFact

    key = listing(model.key or ())
    if isinstance(verdict.cause, RelationshipFact):
        reason = f"one row of `{verdict.cause.parent}` has many of `{verdict.table}`"
        what = f"this join with `{verdict.table}` repeats rows"
    else:
        reason = f"`{verdict.table}` holds every version of a row"
        what = f"`{verdict.table}` has several rows for each {listing(verdict.cause.columns)}"
    true_key = f"; {listing(verdict.true_key)} would be one" if verdict.true_key else ""
    message = f"{key} is not a key of `{model.id}`: {reason}"
    hint = f"aggregate `{verdict.table}` before it is joined, or declare another key{true_key}"
    if not isinstance(verdict.cause, RelationshipFact):
        hint = f"keep the current rows only (`__END_AT IS NULL`), or declare another key{true_key}"
    span = span_of(model, verdict.place)
    related = [
        Related("this says so", one.span)
        for one in relationships
        if isinstance(verdict.cause, RelationshipFact)
        and (one.parent, one.child, one.on) == (verdict.cause.parent, verdict.cause.child, verdict.cause.on)
    ]
    report.add(codes.FAN_OUT, message, span or model.places.at("key"), label=what, hint=hint, related=related)
