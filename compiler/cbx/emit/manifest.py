"""The manifest: everything that is known of a project, for other tools to read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

from cbx.emit.code_hash import code_hash
from cbx.stages.plan import Artifact, KeyCheck, ModelPlan, Plan, RelationshipCheck
from cbx.stages.resolved import Cdc, Column, FileInput, Input, ModelInput, PythonCode, Relationship, TableInput
from cbx.syntax.text import text_in_words
from cbx.target.layout import MANIFEST, TARGET

PATH = MANIFEST
SCHEMA_VERSION = 1


def emit_manifest(plan: Plan, models: Sequence[str], checks: Sequence[str], hashes: Mapping[str, str]) -> Artifact:
    """``manifest.json``.

    Args:
        plan: The plan.
        models: What `lay_out_model` makes of each model, in the order of the plan.
        checks: What `lay_out_check` makes of each check, in the order of the plan.
        hashes: The SHA-256 of all other files, by path.
    """
    settings = plan.project.settings
    head = {
        "schema_version": SCHEMA_VERSION,
        "project": {
            "name": plan.project.name,
            "layers": list(plan.project.layers),
            "api": settings.compile.api,
            "source_format": settings.compile.source_format,
        },
    }
    relationships = [
        _item({**_relationship(relationship), "enforce": relationship.enforce, "verdict": "unproven"})
        for relationship in plan.relationships
    ]
    artifacts = [f"    {_text(f'{TARGET}/{path}')}: {_text(digest)}" for path, digest in sorted(hashes.items())]
    lines = [
        *_entries(head, "  ", _LEVELS - 1),
        _block("models", "{}", models),
        _block("relationships", "[]", relationships),
        _block("checks", "[]", checks),
        _block("artifacts", "{}", artifacts),
    ]
    return Artifact(PATH, "{\n" + ",\n".join(lines) + "\n}\n")


def _block(name: str, brackets: str, lines: Sequence[str]) -> str:
    inside = "\n" + ",\n".join(lines) + "\n  " if lines else ""
    return f'  "{name}": {brackets[0]}{inside}{brackets[1]}'


def lay_out_model(planned: ModelPlan, plan: Plan, relationships: Iterable[Relationship], digest: str) -> str:
    """The lines of a model in the file, without the comma behind them.

    Args:
        planned: The model.
        plan: The plan that it is of.
        relationships: Those that it is a side of.
        digest: The SHA-256 of its notebook.
    """
    return lay_out_entry(planned.model.id, _model(planned, plan, relationships, digest))


def lay_out_entry(identity: str, model: Mapping[str, Any]) -> str:
    """The same of a model as the file tells of it."""
    return f"    {_text(identity)}: {_laid_out(model, '    ', _LEVELS - 2)}"


def lay_out_check(check: KeyCheck | RelationshipCheck) -> str:
    """The lines of a check in the file, without the comma behind them."""
    return _item(_key_check(check) if isinstance(check, KeyCheck) else _relationship_check(check))


def _item(value: Mapping[str, Any]) -> str:
    return f"    {_laid_out(value, '    ', _LEVELS - 2)}"


_LEVELS = 4
"""How deep the lines of the file go: a model's columns have a line each, and what is inside them has none."""


def _laid_out(value: Any, indent: str, levels: int) -> str:
    """JSON that a review can read: an entry a line, down to a depth; fifty megabytes take no more than a second."""
    if not levels or not value or not isinstance(value, (dict, list)):
        return _in_line(value)
    inner = indent + "  "
    if isinstance(value, dict):
        lines = _entries(value, inner, levels - 1)
    else:
        lines = [f"{inner}{_laid_out(item, inner, levels - 1)}" for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n" + ",\n".join(lines) + f"\n{indent}{closing}"


def _entries(value: Mapping[str, Any], indent: str, levels: int) -> list[str]:
    return [f"{indent}{_text(key)}: {_laid_out(item, indent, levels)}" for key, item in value.items()]


class _Written(str):
    """A value that is JSON already."""

    __slots__ = ()


def _in_line(value: Any) -> str:
    """What `json.dumps` makes of a value, in a third of the time that it takes for small ones."""
    if isinstance(value, str):
        return value if isinstance(value, _Written) else _text(value)
    if value is None:
        return "null"
    if isinstance(value, dict):
        entries = [
            f"{_text(key)}: {_text(item) if isinstance(item, str) else _in_line(item)}" for key, item in value.items()
        ]
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ", ".join([_in_line(item) for item in value]) + "]"
    return json.dumps(value) if not isinstance(value, bool) else "true" if value else "false"


_text: Callable[[str], str] = encode_basestring_ascii
"""A text as the encoder of `json` writes it."""


def _model(planned: ModelPlan, plan: Plan, relationships: Iterable[Relationship], digest: str) -> dict[str, Any]:
    model = planned.model
    columns = plan.columns[model.id]
    return {
        "kind": model.kind,
        "path": model.path,
        "language": "python" if isinstance(model.code, PythonCode) else "sql",
        "layer": model.layer,
        "name": model.name,
        "dataset": model.dataset,
        "description": model.description,
        "inputs": [_input(model_input) for model_input in model.inputs],
        "key": list(model.key) if model.key is not None else None,
        "key_verdict": plan.key_verdicts.get(model.id),
        "further_keys": [
            {"columns": list(key), "verdict": verdict}
            for key, verdict in zip(model.further_keys, plan.further_verdicts.get(model.id, ()), strict=True)
        ],
        "relationships": [_relationship(relationship) for relationship in relationships],
        "expectations": [
            {
                "name": expectation.name,
                "condition": text_in_words(expectation.condition),
                "on_violation": expectation.on_violation,
            }
            for expectation in model.expectations
        ],
        "columns": [_column(column) for column in columns or ()],
        "cdc": None if model.cdc is None else _cdc(model.cdc),
        "tags": list(model.tags),
        "owner": model.owner,
        "properties": dict(model.properties),
        "cluster_by": list(model.cluster_by),
        "quarantine": model.quarantine,
        "artifact": f"{TARGET}/{planned.artifact}",
        "traced": model.id in plan.traced if isinstance(model.code, PythonCode) else None,
        "source_hash": model.content_hash,
        "code_hash": code_hash(model.code),
        "artifact_hash": digest,
    }


def _relationship(relationship: Relationship) -> dict[str, Any]:
    return {
        "parent": relationship.parent,
        "child": relationship.child,
        "on": dict(relationship.on),
        "cardinality": relationship.cardinality,
    }


def _column(column: Column) -> _Written:
    """A column, of which there are many, in half of the time that a dictionary takes."""
    name, type_, description = _text(column.name), _in_line(column.type or None), _in_line(column.description)
    not_null, lineage = (
        _in_line(column.not_null),
        _in_line(None if column.lineage is None else list(map(list, column.lineage))),
    )
    return _Written(
        f'{{"name": {name}, "type": {type_}, "description": {description}, "not_null": {not_null}, '
        f'"lineage": {lineage}}}'
    )


def _input(model_input: Input) -> dict[str, Any]:
    mode = "stream" if model_input.is_streaming else "batch"
    match model_input:
        case ModelInput(model=name):
            return {"model": name, "mode": mode}
        case TableInput(table=table):
            return {"table": text_in_words(table), "mode": mode}
        case FileInput(path=path, format=file_format):
            described: dict[str, Any] = {"path": text_in_words(path), "mode": mode, "format": file_format}
            return described | {
                "schema_hints": model_input.schema_hints,
                "options": {name: text_in_words(value) for name, value in model_input.options},
            }


def _cdc(cdc: Cdc) -> dict[str, Any]:
    nulls = cdc.ignore_null_updates
    return {
        "sequence_by": list(cdc.sequence_by),
        "scd_type": cdc.scd_type,
        "apply_as_deletes": None if cdc.apply_as_deletes is None else text_in_words(cdc.apply_as_deletes),
        "apply_as_truncates": None if cdc.apply_as_truncates is None else text_in_words(cdc.apply_as_truncates),
        "ignore_null_updates": nulls if isinstance(nulls, bool) else list(nulls),
        "except_columns": list(cdc.except_columns),
        "track_history": list(cdc.track_history),
        "track_history_except": list(cdc.track_history_except),
    }


def _key_check(check: KeyCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "model": check.model,
        "columns": list(check.columns),
        "on_violation": check.on_violation,
        "artifact": f"{TARGET}/{check.artifact}",
    }


def _relationship_check(check: RelationshipCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "parent": check.parent,
        "child": check.child,
        "on": dict(check.on),
        "on_violation": check.on_violation,
        "artifact": f"{TARGET}/{check.artifact}",
    }
