"""The project as tests need it: every model's notebook, inputs, columns and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbx.compiler import Compilation
    from cbx.stages.plan import ModelPlan, Plan
    from cbx.stages.resolved import Input
    from cbx.syntax.text import Text

Columns = tuple[tuple[str, str], ...]
"""Names and SQL types; an empty type is not known."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What a model reads.

    Attributes:
        name: The model's id, the table, or the folder as ``${landing}/orders``.
        kind: What it is.
        table: The table's name, or the folder, as the notebook reads it in the local environment.
        parameter: The parameter that takes it; None in SQL.
        columns: Its columns; None where they are not known.
        options: What Auto Loader is told, for files.
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
class Rule:
    """An expectation."""

    name: str
    condition: str
    on_violation: str


@dataclass(frozen=True)
class Changes:
    """How the changes of an ``auto_cdc`` model are applied, as far as tests can look at it.

    Attributes:
        deletes: The condition of a change that deletes.
        truncates: The condition of a change that empties the table.
        tracked: The columns whose changes make history, if those are named.
        untracked: The columns whose changes make none, if those are named.
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
    """A model and what it compiled to.

    Attributes:
        dataset: The table's name in the pipeline.
        path: The model's file.
        notebook: The text that is deployed.
        artifact: The notebook's path under ``target/``.
        columns: The columns of its table; None where they are not known.
        key: The declared key, or nothing.
    """

    id: str
    kind: str
    dataset: str
    path: str
    artifact: str
    notebook: str
    inputs: tuple[ModelInput, ...]
    columns: Columns | None
    key: tuple[str, ...]
    rules: tuple[Rule, ...]
    changes: Changes | None


@dataclass(frozen=True)
class CompiledProject:
    """A project that has been compiled.

    Attributes:
        root: Its folder.
        engine: The engine of its tests.
        name: Its name.
        variables: The variables of the environment.
        models: The models by their ids.
        manifest: The text of ``manifest.json``.
    """

    root: Path
    name: str
    engine: str
    variables: Mapping[str, str]
    models: Mapping[str, CompiledModel]
    manifest: str


def to_data(compilation: Compilation, plan: Plan, environment: str = "local") -> dict[str, Any]:
    """What tests need of a compilation, as JSON has it."""
    project = plan.project
    values = project.variables(environment)
    texts = {one.path: one.text for one in compilation.artifacts}
    return {
        "name": project.name,
        "engine": project.settings.test.engine,
        "variables": values,
        "models": [asdict(_model(one, plan, texts[one.artifact], values)) for one in plan.models],
        "manifest": texts["manifest.json"],
    }


def from_data(root: Path, data: Mapping[str, Any]) -> CompiledProject:
    """The inverse of `to_data`."""
    models = [_model_from(one) for one in data["models"]]
    by_id = {one.id: one for one in models}
    return CompiledProject(root, data["name"], data["engine"], data["variables"], by_id, data["manifest"])


def _model(planned: ModelPlan, plan: Plan, notebook: str, values: Mapping[str, str]) -> CompiledModel:
    model, cdc = planned.model, planned.model.cdc
    return CompiledModel(
        id=model.id,
        kind=model.kind,
        dataset=model.dataset,
        path=model.path,
        artifact=planned.artifact,
        notebook=notebook,
        inputs=tuple(_input(one, plan, values) for one in model.inputs),
        columns=_columns(plan, model.id),
        key=model.key or (),
        rules=tuple(Rule(one.name, _filled(one.condition, values), one.on_violation) for one in model.expectations),
        changes=None
        if cdc is None
        else Changes(
            sequence_by=cdc.sequence_by,
            scd_type=cdc.scd_type,
            deletes=_optional(cdc.apply_as_deletes, values),
            truncates=_optional(cdc.apply_as_truncates, values),
            ignores_nulls=cdc.ignore_null_updates is not False,
            tracked=cdc.track_history,
            untracked=cdc.track_history_except,
        ),
    )


def _input(one: Input, plan: Plan, values: Mapping[str, str]) -> ModelInput:
    from cbx.stages.resolved import FileInput, TableInput
    from cbx.stages.resolved import ModelInput as ResolvedInput
    from cbx.syntax.text import text_in_words

    columns, options = None, {}
    match one:
        case ResolvedInput(model=name):
            kind, columns = "model", _columns(plan, name)
            table = next(planned.model.dataset for planned in plan.models if planned.model.id == name)
        case FileInput(path=path):
            kind, name, table = "files", text_in_words(path), _filled(path, values)
            told = {option.lower(): _filled(value, values) for option, value in one.options}
            options = {"format": one.format, "cloudfiles.schemahints": one.schema_hints, **told}
        case TableInput(table=text):
            kind, name, table = "table", text_in_words(text), _filled(text, values)
    return ModelInput(name, kind, table, one.parameter, columns, options, one.is_streaming)


def _columns(plan: Plan, model: str) -> Columns | None:
    columns = plan.columns[model]
    return None if columns is None else tuple((one.name, one.type) for one in columns)


def _optional(text: Text | None, values: Mapping[str, str]) -> str | None:
    return None if text is None else _filled(text, values)


def _filled(text: Text, values: Mapping[str, str]) -> str:
    """A text with the local environment's values in the place of its variables."""
    return "".join(part if isinstance(part, str) else values.get(getattr(part, "name", ""), "") for part in text.parts)


def _model_from(data: Mapping[str, Any]) -> CompiledModel:
    inputs = tuple(ModelInput(**{**one, "columns": _pairs(one["columns"])}) for one in data["inputs"])
    changes = data["changes"]
    return CompiledModel(
        **{
            **data,
            "inputs": inputs,
            "columns": _pairs(data["columns"]),
            "key": tuple(data["key"]),
            "rules": tuple(Rule(**one) for one in data["rules"]),
            "changes": changes and Changes(**{name: _frozen(value) for name, value in changes.items()}),
        }
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _pairs(columns: Sequence[Sequence[str]] | None) -> Columns | None:
    return None if columns is None else tuple((name, kind) for name, kind in columns)
