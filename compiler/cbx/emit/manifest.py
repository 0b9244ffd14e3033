"""The manifest: everything that is known of a project, for other tools to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cbx.emit.code_hash import code_hash
from cbx.emit.measures import home_of_column, lay_out_measure
from cbx.emit.notebooks.data_tests import data_test_check_entry, data_test_entry
from cbx.stages.constraints import has_primary_key
from cbx.stages.manifest_entries import identity_entry, settings_entry
from cbx.stages.plan import Artifact, Check, DataTestCheck, KeyCheck, MeasureCheck, ModelPlan, Plan, RelationshipCheck
from cbx.stages.resolved import Relationship
from cbx.stages.resolved_model import Cdc, Column, PythonCode, SinkTarget
from cbx.syntax.text import text_in_words
from cbx.target.layout import MANIFEST, TARGET

PATH = MANIFEST
SCHEMA_VERSION = 1

_INDENT = "  "
_DEPTH = 4
"""How deep lines are nested: each column of a model has one line."""


def emit_manifest(plan: Plan, models: Sequence[str], checks: Sequence[str], hashes: Mapping[str, str]) -> Artifact:
    """Put together ``manifest.json``.

    Args:
        plan: The plan.
        models: The text of each model, from `lay_out_model`, in the order of the plan.
        checks: The text of each check, from `lay_out_check`, in the order of the plan.
        hashes: The SHA-256 of all other files, by path below ``target/``.
    """
    settings = plan.project.settings
    head: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "project": {
            "name": plan.project.name,
            "layers": list(plan.project.layers),
            "api": settings.compile.api,
            "source_format": settings.compile.source_format,
        },
    }
    pipelines = {pipeline.name: {"after": list(pipeline.after)} for pipeline in plan.pipelines if pipeline.name}
    if pipelines:
        head["pipelines"] = pipelines
    relationships = [
        _lay_out_item({**_relationship(relationship), **_enforcement(relationship)})
        for relationship in plan.relationships
    ]
    artifacts = {f"{TARGET}/{path}": digest for path, digest in sorted(hashes.items())}
    lines = [
        *_entry_lines(head, _INDENT, _DEPTH - 1),
        _lay_out_block("models", "{}", models),
        _lay_out_block("relationships", "[]", relationships),
        _lay_out_block("checks", "[]", checks),
        *_entry_lines({"artifacts": artifacts}, _INDENT, _DEPTH - 1),
    ]
    return Artifact(PATH, "{\n" + ",\n".join(lines) + "\n}\n")


def lay_out_model(planned: ModelPlan, plan: Plan, relationships: Iterable[Relationship], digest: str) -> str:
    """The text of a model in the manifest, without the comma after it.

    Args:
        planned: The model.
        plan: The plan that has the model.
        relationships: The relationships in which the model is parent or child.
        digest: The SHA-256 of the model's notebook.
    """
    return lay_out_entry(planned.model.id, _model(planned, plan, relationships, digest))


def lay_out_entry(identity: str, model: Mapping[str, Any]) -> str:
    """The text of a model in the manifest, from its id and its parsed entry."""
    return _entry_lines({identity: model}, 2 * _INDENT, _DEPTH - 2)[0]


def lay_out_check(check: Check) -> str:
    """The text of a check in the manifest, without the comma after it."""
    match check:
        case KeyCheck():
            return _lay_out_item(_key_check(check))
        case RelationshipCheck():
            return _lay_out_item(_relationship_check(check))
        case MeasureCheck():
            return _lay_out_item(_measure_check(check))
        case DataTestCheck():
            return _lay_out_item(data_test_check_entry(check))


def _lay_out_item(value: Mapping[str, Any]) -> str:
    return 2 * _INDENT + _lay_out(value, 2 * _INDENT, _DEPTH - 2)


def _lay_out_block(name: str, brackets: str, items: Sequence[str]) -> str:
    inside = "\n" + ",\n".join(items) + f"\n{_INDENT}" if items else ""
    return f"{_INDENT}{json.dumps(name)}: {brackets[0]}{inside}{brackets[1]}"


def _lay_out(value: Any, indent: str, depth: int) -> str:
    """JSON for reviews: one line per entry down to a depth; deeper values are on the line of their entry."""
    if not depth or not value or not isinstance(value, (dict, list)):
        return json.dumps(value)
    inner = indent + _INDENT
    if isinstance(value, dict):
        return "{\n" + ",\n".join(_entry_lines(value, inner, depth - 1)) + f"\n{indent}}}"
    items = [inner + _lay_out(item, inner, depth - 1) for item in value]
    return "[\n" + ",\n".join(items) + f"\n{indent}]"


def _entry_lines(value: Mapping[str, Any], indent: str, depth: int) -> list[str]:
    return [f"{indent}{json.dumps(key)}: {_lay_out(item, indent, depth)}" for key, item in value.items()]


def _model(planned: ModelPlan, plan: Plan, relationships: Iterable[Relationship], digest: str) -> dict[str, Any]:
    model = planned.model
    columns = plan.columns[model.id]
    return {
        **identity_entry(model),
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
        **({"tests": [data_test_entry(test) for test in planned.tests]} if planned.tests else {}),
        **({"has_schema": False} if has_primary_key(model) and model.is_published and not planned.schema else {}),
        "columns": [_column(column) | home_of_column(column, model, plan) for column in columns or ()],
        "measures": [lay_out_measure(measure) for measure in plan.measures.get(model.id, ())],
        "cdc": None if model.cdc is None else _cdc(model.cdc),
        **({"sink": _sink(model.sink)} if model.sink is not None else {}),
        **settings_entry(model),
        **({"pipeline": planned.pipeline} if planned.pipeline is not None else {}),
        "artifact": f"{TARGET}/{planned.artifact}",
        "traced": model.id in plan.traced if isinstance(model.code, PythonCode) else None,
        "source_hash": model.content_hash,
        "code_hash": code_hash(model.code),
        "artifact_hash": digest,
    }


def _enforcement(relationship: Relationship) -> dict[str, Any]:
    return {"enforce": relationship.enforce, "verdict": "proven" if relationship.is_proven else "unproven"}


def _relationship(relationship: Relationship) -> dict[str, Any]:
    return {
        "parent": relationship.parent,
        "child": relationship.child,
        "on": dict(relationship.on),
        "cardinality": relationship.cardinality,
        **_other_table(relationship),
    }


def _other_table(relationship: Relationship) -> dict[str, Any]:
    """The table of a parent of another project."""
    parent = relationship.published
    if parent is None:
        return {}
    return {
        "table": text_in_words(parent.table),
        "parent_key": list(parent.key),
        "parent_key_verdict": parent.key_verdict,
        "parent_columns": {name: kind or None for name, kind in parent.columns},
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type or None,
        "description": column.description,
        "not_null": column.not_null,
        "lineage": None if column.lineage is None else list(map(list, column.lineage)),
        **({"computed": True} if column.lineage and column.is_derived else {}),
        **({"mask": column.mask} if column.mask is not None else {}),
        **({"tags": dict(column.tags)} if column.tags else {}),
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


def _sink(sink: SinkTarget) -> dict[str, Any]:
    if sink.function is None:
        return {"format": sink.format, "options": {name: text_in_words(value) for name, value in sink.options}}
    return {"foreach_batch": sink.function}


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


def _measure_check(check: MeasureCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "model": check.model,
        "measure": check.measure,
        "homes": list(check.homes),
        "on_violation": check.on_violation,
        "artifact": f"{TARGET}/{check.artifact}",
    }
