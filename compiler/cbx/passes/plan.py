"""Plans the datasets, their reads, their schemas and the checks on the data."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from cbx.passes.facts.flow_facts import flows_by_target
from cbx.passes.planning.plan_tests import claim_name, keeps_history, plan_data_tests
from cbx.passes.planning.table_schema import table_schema
from cbx.project.dataset_names import (
    changes_view,
    files_view,
    input_view,
    key_check,
    measure_check,
    relationship_check,
    snapshot_view,
)
from cbx.stages.plan import (
    Check,
    DataTestCheck,
    KeyCheck,
    MeasureCheck,
    ModelPlan,
    PipelinePlan,
    Plan,
    Read,
    RelationshipCheck,
)
from cbx.stages.resolved import (
    Cdc,
    FileInput,
    Input,
    ModelInput,
    PipelineModels,
    Proven,
    ReaderInput,
    Relationship,
    ResolvedModel,
    SnapshotInput,
    SqlCode,
    TableInput,
)
from cbx.syntax.text import Text, TextPart, join

SNAPSHOT = "{snapshot}"
"""A snapshot in a query, which `spark.sql` takes as the parameter of that name."""
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
    references: dict[str, list[Relationship]] = {name: [] for name in proven.models}
    for relationship in proven.relationships:
        references[relationship.child].append(relationship)
    owners = {model: pipeline.name for pipeline in pipelines for model in pipeline.models}
    flows = flows_by_target(proven.models)
    models = tuple(
        _plan_model(
            model,
            proven,
            table_schema(model, proven, references[model.id], flows.get(model.id, ())),
            folder,
            owners[model.id],
        )
        for model in ordered
    )
    key_checks = _plan_key_checks(ordered, proven, folder, taken)
    relationship_checks = _plan_relationship_checks(proven, folder, taken)
    measure_checks = tuple(
        check for planned in models for check in _plan_measure_checks(planned, proven, folder, taken)
    )
    models = tuple(
        planned._replace(tests=plan_data_tests(planned.model, proven, folder, taken))
        if planned.model.tests
        else planned
        for planned in models
    )
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


def _plan_key_checks(
    models: Iterable[ResolvedModel], proven: Proven, folder: str, taken: set[str]
) -> tuple[KeyCheck, ...]:
    return tuple(
        _plan_key_check(model, key, folder, taken)
        for model in models
        if _is_readable_in_batch(model)
        for key in _unproven_keys(model, proven)
    )


def _plan_relationship_checks(proven: Proven, folder: str, taken: set[str]) -> tuple[RelationshipCheck, ...]:
    return tuple(
        _plan_relationship_check(relationship, proven, folder, taken)
        for relationship in proven.relationships
        if not relationship.is_proven
        and _is_readable_in_batch(proven.models[relationship.child])
        and _is_readable_in_batch(proven.models[relationship.parent])
    )


def _plan_pipelines(
    pipelines: tuple[PipelineModels, ...], models: Iterable[ModelPlan], checks: Iterable[Check]
) -> tuple[PipelinePlan, ...]:
    """The files of each pipeline. A check belongs to the last pipeline that updates one of its tables."""
    place = {model: number for number, pipeline in enumerate(pipelines) for model in pipeline.models}
    files: list[list[str]] = [[] for _ in pipelines]
    for planned in models:
        files[place[planned.model.id]].append(planned.artifact)
    for check in sorted(checks, key=attrgetter("artifact")):
        files[max(place[table] for table in _models_read(check))].append(check.artifact)
    return tuple(
        PipelinePlan(pipeline.name, tuple(paths), pipeline.after)
        for pipeline, paths in zip(pipelines, files, strict=True)
    )


def _models_read(check: Check) -> tuple[str, ...]:
    match check:
        case RelationshipCheck(child=child, parent=parent):
            return (child, parent)
        case DataTestCheck(models=models):
            return models
        case _:
            return (check.model,)


def _is_readable_in_batch(model: ResolvedModel) -> bool:
    """Whether checks can read a model: a view of a stream cannot be read in batch."""
    return not (model.kind == "view" and model.is_streaming)


def _plan_model(
    model: ResolvedModel, proven: Proven, schema: tuple[str, ...], folder: str, pipeline: str | None
) -> ModelPlan:
    reads = tuple(_plan_read(source, number, model, proven) for number, source in enumerate(model.inputs))
    target = proven.models[model.flow.model] if model.flow is not None else None
    return ModelPlan(
        model=model,
        artifact=f"{folder}/{model.layer}/{model.name}.py",
        reads=reads,
        query=_plan_query(model, model.code.query, reads) if isinstance(model.code, SqlCode) else None,
        schema=schema,
        changes_view=_changes_view(model, (target or model).cdc),
        pipeline=pipeline,
        target=target,
    )


def _plan_query(model: ResolvedModel, query: Text, reads: tuple[Read, ...]) -> Text:
    """The query with the names of tables; with a snapshot as its parameter other braces are doubled."""
    if model.snapshots is not None:
        query = Text(tuple(_double_braces(part) for part in query.parts))
    return query.fill(lambda slot: _fill_slot(reads[slot.index]))


def _double_braces(part: TextPart) -> TextPart:
    return part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else part


def _changes_view(model: ResolvedModel, cdc: Cdc | None) -> str | None:
    if cdc is None or model.snapshots is not None:
        return None
    return changes_view(model.dataset) if cdc.sequence_by else snapshot_view(model.dataset)


def _plan_read(source: Input, number: int, model: ResolvedModel, proven: Proven) -> Read:
    match source:
        case ModelInput(model=name):
            table = Text.of(proven.models[name].dataset)
            return Read(source.parameter, source.keyword_only, table, source.is_streaming, None)
        case TableInput(table=table):
            return Read(source.parameter, source.keyword_only, table, source.is_streaming, None)
        case SnapshotInput():
            return Read(source.parameter, source.keyword_only, Text.of(SNAPSHOT), False, None, source)
        case FileInput():
            several = sum(isinstance(other, FileInput) for other in model.inputs) > 1
            return _plan_view(files_view(model.dataset, number + 1 if several else None), source, model)
        case ReaderInput():
            several = sum(isinstance(other, ReaderInput) for other in model.inputs) > 1
            return _plan_view(input_view(model.dataset, number + 1 if several else None), source, model)


def _plan_view(view: str, source: FileInput | ReaderInput, model: ResolvedModel) -> Read:
    """The read of what is no table: a query reads it through a view."""
    table = Text.of(view) if isinstance(model.code, SqlCode) else None
    return Read(source.parameter, source.keyword_only, table, source.is_streaming, source)


def _fill_slot(read: Read) -> Text:
    table = read.table.parts if read.table is not None else ()
    return join(("STREAM(", *table, ")")) if read.is_streaming else join(table)


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
    child, parent = proven.models[relationship.child], proven.models[relationship.parent]
    name = claim_name(relationship_check(child.dataset, (ours for ours, _ in relationship.on), parent.dataset), taken)
    return RelationshipCheck(
        name=name,
        artifact=f"{folder}/checks/{name}.py",
        child=child.id,
        child_table=child.dataset,
        parent=parent.id,
        parent_table=parent.dataset,
        on=relationship.on,
        current_only=keeps_history(child),
        on_violation=relationship.enforce,
    )


def _plan_measure_checks(planned: ModelPlan, proven: Proven, folder: str, taken: set[str]) -> list[MeasureCheck]:
    model, checks = planned.model, []
    for measure in proven.measures.get(model.id, ()):
        if measure.query is None:
            continue
        column = measure.column or "_".join([measure.function, *measure.values])
        name = claim_name(measure_check(model.dataset, column), taken)
        query = measure.query.text.fill(lambda slot: _fill_slot(planned.reads[slot.index]))
        artifact = f"{folder}/checks/{name}.py"
        checks.append(MeasureCheck(name, artifact, model.id, measure.text, measure.homes, query, model.enforce))
    return checks
