"""Plans the datasets, their reads, their schemas and the checks on the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from cbx.passes.facts.flow_facts import flows_by_target
from cbx.passes.planning.plan_checks import plan_key_checks, plan_measure_checks, plan_relationship_checks
from cbx.passes.planning.plan_model import plan_model
from cbx.passes.planning.table_schema import quarantine_schema, table_schema
from cbx.stages.plan import Check, DataTestCheck, ModelPlan, PipelinePlan, Plan, RelationshipCheck
from cbx.stages.resolved import PipelineModels, Proven, Relationship
from cbx.stages.resolved_model import ResolvedModel

_FOLDERS = {"notebook": "notebooks", "file": "transformations"}


def plan(proven: Proven, pipelines: tuple[PipelineModels, ...], *, only: frozenset[str] | None = None) -> Plan:
    """From models to notebooks.

    Before: ``silver.orders`` with an unproven key. After: the notebook ``notebooks/silver/orders.py`` and the
    check ``notebooks/checks/silver_orders_key.py``, in the pipeline of ``silver.orders``. With ``only`` no other
    models are planned.
    """
    folder = _FOLDERS[proven.project.settings.compile.source_format]
    ordered = sorted(
        (model for model in proven.models.values() if only is None or model.id in only), key=lambda model: model.id
    )
    taken = {model.dataset.lower() for model in proven.models.values()}
    models = _plan_models(ordered, proven, pipelines, folder)
    key_checks = plan_key_checks(ordered, proven, folder, taken)
    relationship_checks = plan_relationship_checks(proven, folder, taken)
    measure_checks = plan_measure_checks(models, proven, folder, taken)
    models = tuple(_with_tests(planned, proven, folder, taken) for planned in models)
    planned = Plan(
        proven.project,
        models,
        (),
        key_checks,
        relationship_checks,
        measure_checks,
        proven.relationships,
        proven.columns,
        proven.key_verdicts,
        proven.further_verdicts,
        proven.measures,
        proven.traced,
    )
    return planned._replace(pipelines=_plan_pipelines(pipelines, models, planned.checks))


def _plan_models(
    models: Iterable[ResolvedModel], proven: Proven, pipelines: tuple[PipelineModels, ...], folder: str
) -> tuple[ModelPlan, ...]:
    references: dict[str, list[Relationship]] = {name: [] for name in proven.models}
    for relationship in proven.relationships:
        references[relationship.child].append(relationship)
    owners = {model: pipeline.name for pipeline in pipelines for model in pipeline.models}
    flows = flows_by_target(proven.models)
    schemas = {model.id: table_schema(model, proven, references[model.id], flows.get(model.id, ())) for model in models}
    return tuple(
        plan_model(model, proven, schemas[model.id], folder, owners[model.id])._replace(
            quarantine_schema=quarantine_schema(model, proven, flows.get(model.id, ()))
        )
        for model in models
    )


def _with_tests(planned: ModelPlan, proven: Proven, folder: str, taken: set[str]) -> ModelPlan:
    if not planned.model.tests:
        return planned
    from cbx.passes.planning.plan_tests import plan_data_tests

    return planned._replace(tests=plan_data_tests(planned.model, proven, folder, taken))


def _plan_pipelines(
    pipelines: tuple[PipelineModels, ...], models: Iterable[ModelPlan], checks: Iterable[Check]
) -> tuple[PipelinePlan, ...]:
    """The files of each pipeline. A check belongs to the last pipeline that has one of its tables, after the others."""
    place = {model: number for number, pipeline in enumerate(pipelines) for model in pipeline.models}
    files: list[list[str]] = [[] for _ in pipelines]
    checked: list[set[int]] = [set() for _ in pipelines]
    for planned in models:
        files[place[planned.model.id]].append(planned.artifact)
    for check in sorted(checks, key=attrgetter("artifact")):
        places = {place[table] for table in _models_read(check)}
        files[max(places)].append(check.artifact)
        checked[max(places)] |= places - {max(places)}
    return tuple(
        PipelinePlan(pipeline.name, tuple(paths), after)
        for pipeline, paths, after in zip(pipelines, files, _wait_for_checked(pipelines, checked), strict=True)
    )


def _wait_for_checked(pipelines: Sequence[PipelineModels], checked: Sequence[set[int]]) -> Iterator[tuple[str, ...]]:
    """The pipelines that each pipeline has to wait for, also those whose tables only its checks read.

    A pipeline waits only for pipelines before it, so none wait for each other.

    Args:
        pipelines: The pipelines, each after those whose tables its models read.
        checked: For each pipeline, the places of the earlier ones whose tables its checks read.
    """
    names = [pipeline.name or "" for pipeline in pipelines]
    waits: dict[str, set[str]] = {}
    for pipeline, places in zip(pipelines, checked, strict=True):
        after = set(pipeline.after)
        waits[pipeline.name or ""] = after.union(*(waits[name] for name in after))
        for name in (names[place] for place in sorted(places, reverse=True)):
            if name not in waits[pipeline.name or ""]:
                after.add(name)
                waits[pipeline.name or ""] |= {name, *waits[name]}
        yield tuple(sorted(after))


def _models_read(check: Check) -> tuple[str, ...]:
    match check:
        case RelationshipCheck(models=models) | DataTestCheck(models=models):
            return models
        case _:
            return (check.model,)
