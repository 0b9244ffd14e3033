"""Plans the checks of what is not proven: keys, relationships and aggregates."""

from __future__ import annotations

from collections.abc import Iterable

from cbx.project.dataset_names import key_check, measure_check, relationship_check
from cbx.project.identifiers import BETWEEN
from cbx.stages.plan import KeyCheck, MeasureCheck, ModelPlan, RelationshipCheck
from cbx.stages.resolved import Proven, Relationship
from cbx.stages.resolved_model import ResolvedModel
from cbx.syntax.text import Text


def plan_key_checks(
    models: Iterable[ResolvedModel], proven: Proven, folder: str, taken: set[str]
) -> tuple[KeyCheck, ...]:
    """The checks of the declared keys of models; their names are added to the taken ones."""
    return tuple(
        _plan_key_check(model, key, folder, taken)
        for model in models
        if _is_readable_in_batch(model)
        for key in _unproven_keys(model, proven)
    )


def plan_relationship_checks(proven: Proven, folder: str, taken: set[str]) -> tuple[RelationshipCheck, ...]:
    """The checks of the relationships that are not proven; their names are added to the taken ones."""
    return tuple(
        _plan_relationship_check(relationship, proven, folder, taken)
        for relationship in proven.relationships
        if not relationship.is_proven
        and all(_is_readable_in_batch(proven.models[name]) for name in _models_of_relationship(relationship))
    )


def plan_measure_checks(
    models: Iterable[ModelPlan], proven: Proven, folder: str, taken: set[str]
) -> tuple[MeasureCheck, ...]:
    """The checks of the aggregates that may count rows repeatedly; their names are added to the taken ones."""
    return tuple(check for planned in models for check in _plan_measure_checks(planned, proven, folder, taken))


def _plan_measure_checks(planned: ModelPlan, proven: Proven, folder: str, taken: set[str]) -> list[MeasureCheck]:
    model, checks = planned.model, []
    for measure in proven.measures.get(model.id, ()):
        if measure.query is None:
            continue
        column = measure.column or "_".join([measure.function, *measure.values])
        name = claim_name(measure_check(model.dataset, column), taken)
        query = measure.query.text.fill(lambda slot: planned.reads[slot.index].in_query)
        artifact = f"{folder}/checks/{name}.py"
        checks.append(MeasureCheck(name, artifact, model.id, measure.text, measure.homes, query, model.enforce))
    return checks


def _is_readable_in_batch(model: ResolvedModel) -> bool:
    """Whether checks can read a model: a view of a stream cannot be read in batch."""
    return not (model.kind == "view" and model.is_streaming)


def _unproven_keys(model: ResolvedModel, proven: Proven) -> list[tuple[str, ...]]:
    """The declared keys that have to be checked on the data."""
    first = [(model.key, proven.key_verdicts[model.id])] if model.key and model.id in proven.key_verdicts else []
    further = zip(model.further_keys, proven.further_verdicts.get(model.id, ()), strict=True)
    return [key for key, verdict in (*first, *further) if verdict != "proven"]


def _plan_key_check(model: ResolvedModel, key: tuple[str, ...], folder: str, taken: set[str]) -> KeyCheck:
    name = claim_name(key_check(model.dataset, () if key == model.key else key), taken)
    return KeyCheck(
        name=name,
        artifact=f"{folder}/checks/{name}.py",
        model=model.id,
        table=model.dataset,
        columns=key,
        current_only=keeps_history(model),
        on_violation=model.enforce,
    )


def _plan_relationship_check(
    relationship: Relationship, proven: Proven, folder: str, taken: set[str]
) -> RelationshipCheck:
    child = proven.models[relationship.child]
    if relationship.published is not None:
        table, parent = relationship.published.table, relationship.parent.replace(BETWEEN, ".")
    else:
        parent = proven.models[relationship.parent].dataset
        table = Text.of(parent)
    name = claim_name(relationship_check(child.dataset, (ours for ours, _ in relationship.on), parent), taken)
    return RelationshipCheck(
        name=name,
        artifact=f"{folder}/checks/{name}.py",
        child=child.id,
        child_table=child.dataset,
        parent=relationship.parent,
        parent_table=table,
        on=relationship.on,
        current_only=keeps_history(child),
        on_violation=relationship.enforce,
        models=_models_of_relationship(relationship),
    )


def _models_of_relationship(relationship: Relationship) -> tuple[str, ...]:
    """The child, and the parent if it is no table of another project."""
    parents = () if relationship.published is not None else (relationship.parent,)
    return (relationship.child, *parents)


def keeps_history(model: ResolvedModel) -> bool:
    """Whether a table keeps the versions of its rows."""
    return model.cdc is not None and model.cdc.scd_type == 2


def claim_name(wanted: str, taken: set[str]) -> str:
    """A name that no dataset has, which is then taken."""
    name, number = wanted, 2
    while name.lower() in taken:
        name, number = f"{wanted}_{number}", number + 1
    taken.add(name.lower())
    return name
