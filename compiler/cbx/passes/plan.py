"""Decides what will be written: datasets, their reads, their schemas and the checks on the data."""

from __future__ import annotations

from cbx.diagnostics.diagnostic import Report
from cbx.emit.ddl import table_schema
from cbx.stages.plan import KeyCheck, ModelPlan, Plan, Read, RelationshipCheck
from cbx.stages.resolved import (
    FileInput,
    Input,
    ModelInput,
    Proven,
    Relationship,
    ResolvedModel,
    SqlCode,
    TableInput,
)
from cbx.syntax.text import Text, join

_FOLDERS = {"notebook": "notebooks", "file": "transformations"}


def plan(proven: Proven, report: Report, only: frozenset[str] | None = None) -> Plan:
    """From models to notebooks.

    Before: ``silver.orders`` with an unproven key. After: the notebook ``notebooks/silver/orders.py`` and the
    check ``notebooks/checks/silver_orders_key.py``. With ``only`` no other models are planned.
    """
    del report
    folder = _FOLDERS[proven.project.settings.compile.source_format]
    ordered = sorted(
        (model for model in proven.models.values() if only is None or model.id in only), key=lambda model: model.id
    )
    taken = {model.dataset.lower() for model in proven.models.values()}
    references: dict[str, list[Relationship]] = {name: [] for name in proven.models}
    for one in proven.relationships:
        references[one.child].append(one)
    return Plan(
        proven.project,
        tuple(_model_plan(model, proven, references[model.id], folder) for model in ordered),
        tuple(
            _key_check(model, key, folder, taken)
            for model in ordered
            if _is_readable_in_batch(model)
            for key in _unproven_keys(model, proven)
        ),
        tuple(
            _relationship_check(one, proven, folder, taken)
            for one in proven.relationships
            if _is_readable_in_batch(proven.models[one.child]) and _is_readable_in_batch(proven.models[one.parent])
        ),
        proven.relationships,
        proven.columns,
        proven.key_verdicts,
        proven.further_verdicts,
        proven.traced,
    )


def _is_readable_in_batch(model: ResolvedModel) -> bool:
    """A view of a stream cannot be read whole, so nothing can be checked on it."""
    return not (model.kind == "view" and model.is_streaming)


def _model_plan(model: ResolvedModel, proven: Proven, references: list[Relationship], folder: str) -> ModelPlan:
    reads = tuple(_read(one, number, model, proven) for number, one in enumerate(model.inputs))
    return ModelPlan(
        model=model,
        artifact=f"{folder}/{model.layer}/{model.name}.py",
        reads=reads,
        query=model.code.query.fill(lambda slot: _slot(reads[slot.index])) if isinstance(model.code, SqlCode) else None,
        schema=table_schema(model, proven, references),
        changes_view=f"{_flat(model.dataset)}_changes" if model.cdc is not None else None,
    )


def _read(one: Input, number: int, model: ResolvedModel, proven: Proven) -> Read:
    match one:
        case ModelInput(model=name):
            table = Text.of(proven.models[name].dataset)
            return Read(one.parameter, one.keyword_only, table, one.is_streaming, None)
        case TableInput(table=table):
            return Read(one.parameter, one.keyword_only, table, one.is_streaming, None)
        case FileInput():
            several = sum(isinstance(other, FileInput) for other in model.inputs) > 1
            view = f"{_flat(model.dataset)}_files{number + 1 if several else ''}"
            in_sql = isinstance(model.code, SqlCode)
            return Read(one.parameter, one.keyword_only, Text.of(view) if in_sql else None, True, one)


def _slot(read: Read) -> Text:
    table = read.table.parts if read.table is not None else ()
    return join(("STREAM(", *table, ")")) if read.is_streaming else join(table)


def _unproven_keys(model: ResolvedModel, proven: Proven) -> list[tuple[str, ...]]:
    """The declared keys that have to be checked on the data."""
    first = [(model.key, proven.key_verdicts[model.id])] if model.key and model.id in proven.key_verdicts else []
    further = zip(model.further_keys, proven.further_verdicts.get(model.id, ()), strict=True)
    return [key for key, verdict in (*first, *further) if verdict != "proven"]


def _key_check(model: ResolvedModel, key: tuple[str, ...], folder: str, taken: set[str]) -> KeyCheck:
    columns = "" if key == model.key else f"_{'_'.join(map(_as_name, key))}"
    name = _free(f"{_flat(model.dataset)}_key{columns}", taken)
    return KeyCheck(
        name=name,
        artifact=f"{folder}/checks/{name}.py",
        model=model.id,
        table=model.dataset,
        columns=key,
        current_only=_keeps_history(model),
        on_violation=model.enforce,
    )


def _relationship_check(one: Relationship, proven: Proven, folder: str, taken: set[str]) -> RelationshipCheck:
    child, parent = proven.models[one.child], proven.models[one.parent]
    columns = "_".join(_as_name(ours) for ours, _ in one.on)
    name = _free(f"{_flat(child.dataset)}_{columns}_in_{_flat(parent.dataset)}", taken)
    return RelationshipCheck(
        name=name,
        artifact=f"{folder}/checks/{name}.py",
        child=child.id,
        child_table=child.dataset,
        parent=parent.id,
        parent_table=parent.dataset,
        on=one.on,
        current_only=_keeps_history(child),
        on_violation=one.enforce,
    )


def _keeps_history(model: ResolvedModel) -> bool:
    return model.cdc is not None and model.cdc.scd_type == 2


def _free(wanted: str, taken: set[str]) -> str:
    """A name that no dataset has; it is taken from now on."""
    name, number = wanted, 2
    while name.lower() in taken:
        name, number = f"{wanted}_{number}", number + 1
    taken.add(name.lower())
    return name


def _flat(dataset: str) -> str:
    """A dataset's name as one word, for the names of what belongs to it."""
    return dataset.replace(".", "_")


def _as_name(column: str) -> str:
    return "".join(character if character.isascii() and character.isalnum() else "_" for character in column)
