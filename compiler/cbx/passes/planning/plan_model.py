"""Plans the notebook of a model: what it reads, and its query with the names of tables."""

from __future__ import annotations

from cbx.project.dataset_names import changes_view, files_view, input_view, snapshot_view
from cbx.stages.inputs import FileInput, Input, ModelInput, ReaderInput, SnapshotInput, TableInput
from cbx.stages.plan import ModelPlan, Read
from cbx.stages.resolved import Proven
from cbx.stages.resolved_model import Cdc, ResolvedModel, SqlCode
from cbx.syntax.text import Text, TextPart

SNAPSHOT = "{snapshot}"
"""A snapshot in a query, which `spark.sql` takes as the parameter of that name."""


def plan_model(
    model: ResolvedModel, proven: Proven, schema: tuple[str, ...], folder: str, pipeline: str | None
) -> ModelPlan:
    """The notebook of a model, without the checks of its data tests.

    Args:
        model: The model.
        proven: All models.
        schema: The schema of its table, as `table_schema` returns it.
        folder: The folder of the notebooks.
        pipeline: Its pipeline; None where the project names no pipelines.
    """
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
    return query.fill(lambda slot: reads[slot.index].in_query)


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
