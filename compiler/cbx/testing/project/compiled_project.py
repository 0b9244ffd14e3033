"""A compiled project, reduced to what tests need: the notebook, inputs, columns and expectations of each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbx.compiler import Compilation
    from cbx.stages.inputs import Input, ReaderInput, TableInput
    from cbx.stages.plan import ModelPlan, Plan
    from cbx.syntax.text import Text as RenderedText

Columns = tuple[tuple[str, str], ...]
"""Names and SQL types; the type is empty if it is unknown."""


@dataclass(frozen=True, slots=True)
class CompiledInput:
    """An input of a model.

    Attributes:
        name: The model's id, the table, the folder as ``${landing}/orders``, or ``kafka:orders``.
        kind: ``model``, ``table``, ``files`` or ``reader``.
        table: The name of the table or topic, or the folder, as the notebook reads it in the local environment.
        parameter: The parameter of the model's function; None in SQL.
        columns: Its columns; None if they are unknown.
        options: The options of Auto Loader, for files; the format and the schema of a reader.
        is_streaming: Whether only new rows are read.
    """

    name: str
    kind: str
    table: str
    parameter: str | None
    columns: Columns | None
    options: Mapping[str, str]
    is_streaming: bool


@dataclass(frozen=True, slots=True)
class CompiledExpectation:
    """An expectation."""

    name: str
    condition: str
    on_violation: str


@dataclass(frozen=True)
class CompiledChanges:
    """How the changes of an ``auto_cdc`` model are applied.

    Attributes:
        deletes: The condition of a change that deletes a row.
        truncates: The condition of a change that empties the table.
        tracked: The columns in ``track_history``.
        untracked: The columns in ``track_history_except``.
    """

    sequence_by: tuple[str, ...]
    scd_type: int
    deletes: str | None
    truncates: str | None
    ignores_nulls: bool
    tracked: tuple[str, ...]
    untracked: tuple[str, ...]


@dataclass(frozen=True)
class CompiledModel:
    """A model and its notebook.

    Attributes:
        dataset: The table's name in the pipeline.
        path: The model's file.
        artifact: The notebook's path under ``target/``.
        notebook: The text of the notebook, which is what is deployed.
        columns: The columns of its table; None if they are unknown.
        key: The declared key, of a flow that of its target, as for expectations and changes; empty if there is none.
    """

    id: str
    kind: str
    dataset: str
    path: str
    artifact: str
    notebook: str
    inputs: tuple[CompiledInput, ...]
    columns: Columns | None
    key: tuple[str, ...]
    expectations: tuple[CompiledExpectation, ...]
    changes: CompiledChanges | None


@dataclass(frozen=True)
class CompiledProject:
    """A compiled project.

    Attributes:
        root: Its folder.
        engine: The engine of its tests, from ``project.toml``.
        spark_settings: Settings of Spark, from ``project.toml``.
        variables: The values of the environment's variables.
        models: The models by id.
        manifest: The text of ``manifest.json``.
    """

    root: Path
    name: str
    engine: str
    spark_settings: Mapping[str, str]
    variables: Mapping[str, str]
    models: Mapping[str, CompiledModel]
    manifest: str


def to_data(compilation: Compilation, plan: Plan, environment: str = "local") -> dict[str, Any]:
    """What tests need of a compilation, as JSON data."""
    project = plan.project
    values = project.variables(environment)
    texts = {artifact.path: artifact.text for artifact in compilation.artifacts}
    return {
        "name": project.name,
        "engine": project.settings.test.engine,
        "spark_settings": project.settings.run.spark,
        "variables": values,
        "models": [asdict(_model(planned, plan, texts[planned.artifact], values)) for planned in plan.models],
        "manifest": texts["manifest.json"],
    }


def from_data(root: Path, data: Mapping[str, Any]) -> CompiledProject:
    """The inverse of `to_data`."""
    models = [_model_from_data(model) for model in data["models"]]
    by_id = {model.id: model for model in models}
    engine, settings = data["engine"], data["spark_settings"]
    return CompiledProject(root, data["name"], engine, settings, data["variables"], by_id, data["manifest"])


def _model(planned: ModelPlan, plan: Plan, notebook: str, values: Mapping[str, str]) -> CompiledModel:
    model, table = planned.model, planned.target or planned.model
    cdc = table.cdc
    return CompiledModel(
        id=model.id,
        kind=model.kind,
        dataset=model.dataset,
        path=model.path,
        artifact=planned.artifact,
        notebook=notebook,
        inputs=tuple(_input(read, plan, values) for read in model.inputs),
        columns=_columns(plan, model.id),
        key=table.key or (),
        expectations=tuple(
            CompiledExpectation(expectation.name, _fill(expectation.condition, values), expectation.on_violation)
            for expectation in table.expectations
        ),
        changes=None
        if cdc is None
        else CompiledChanges(
            sequence_by=cdc.sequence_by,
            scd_type=cdc.scd_type,
            deletes=_optional(cdc.apply_as_deletes, values),
            truncates=_optional(cdc.apply_as_truncates, values),
            ignores_nulls=cdc.ignore_null_updates is not False,
            tracked=cdc.track_history,
            untracked=cdc.track_history_except,
        ),
    )


def _input(read: Input, plan: Plan, values: Mapping[str, str]) -> CompiledInput:
    from cbx.stages.inputs import FileInput, ModelInput, ReaderInput, SnapshotInput, TableInput
    from cbx.syntax.text import Text, text_in_words

    columns, options = None, {}
    match read:
        case ModelInput(model=name):
            kind, columns = "model", _columns(plan, name)
            table = next(planned.model.dataset for planned in plan.models if planned.model.id == name)
        case FileInput(path=path):
            kind, name, table = "files", text_in_words(path), _fill(path, values)
            declared = {option.lower(): _fill(value, values) for option, value in read.options}
            options = {"format": read.format, "cloudfiles.schemahints": read.schema or read.schema_hints, **declared}
        case SnapshotInput(path=path, function=function):
            kind, name = "files", function or text_in_words(path or Text.of(""))
            table = function or _fill(path or Text.of(""), values)
            options = {"format": read.format, "cloudfiles.schemahints": read.schema, "cloudfiles.rescueddatacolumn": ""}
            options["version"] = read.version
        case TableInput(table=text):
            kind, name, table = "table", read.name, _fill(text, values)
            columns = _published_columns(read, plan)
        case ReaderInput(name=text):
            kind, name, table = "reader", read.place, _fill(text, values)
            columns, options = _message_columns(read), {"format": read.format, "schema": read.schema}
    return CompiledInput(name, kind, table, read.parameter, columns, options, read.is_streaming)


def _published_columns(read: TableInput, plan: Plan) -> Columns | None:
    """The columns of a table of another project; None where they are unknown."""
    from cbx.passes.facts.published_facts import published_model

    model = published_model(plan.project, read.name) if read.dependency is not None else None
    return tuple((column.name, column.type or "") for column in model.columns) or None if model is not None else None


def _message_columns(read: ReaderInput) -> Columns | None:
    from cbx.passes.facts.table_facts import message_columns

    columns = message_columns(read)
    return None if columns is None else tuple((column.name, column.type) for column in columns)


def _columns(plan: Plan, model: str) -> Columns | None:
    columns = plan.columns[model]
    return None if columns is None else tuple((column.name, column.type) for column in columns)


def _optional(text: RenderedText | None, values: Mapping[str, str]) -> str | None:
    return None if text is None else _fill(text, values)


def _fill(text: RenderedText, values: Mapping[str, str]) -> str:
    """A text with its variables replaced by the environment's values."""
    return "".join(part if isinstance(part, str) else values.get(getattr(part, "name", ""), "") for part in text.parts)


def _model_from_data(data: Mapping[str, Any]) -> CompiledModel:
    inputs = tuple(CompiledInput(**{**read, "columns": _pairs(read["columns"])}) for read in data["inputs"])
    changes = data["changes"]
    return CompiledModel(
        **{
            **data,
            "inputs": inputs,
            "columns": _pairs(data["columns"]),
            "key": tuple(data["key"]),
            "expectations": tuple(CompiledExpectation(**expectation) for expectation in data["expectations"]),
            "changes": changes and CompiledChanges(**{name: _freeze(value) for name, value in changes.items()}),
        }
    )


def _freeze(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _pairs(columns: Sequence[Sequence[str]] | None) -> Columns | None:
    return None if columns is None else tuple((name, kind) for name, kind in columns)
