"""The fields that the state files of a deployment need, so that the next deployment can read them.

Files of another version may have more fields.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json


class _PipelineShape(BaseModel, extra="forbid"):
    id: str
    settings: dict[str, Any] | None = None
    last_modified: int | None = None


class RecordShape(BaseModel):
    """``deployment.json``; version 1 has one pipeline."""

    version: Literal[1, 2]
    files: dict[str, str] = {}
    pipelines: dict[str, _PipelineShape] = {}
    pipeline_id: str | None = None
    pipeline: dict[str, Any] | None = None
    last_modified: int | None = None
    job_id: int | None = None
    job: dict[str, Any] | None = None
    permissions: list[dict[str, str]] = []
    tags: dict[str, dict[str, str]] = {}
    owners: dict[str, str] = {}


class _InputShape(BaseModel):
    mode: str
    model: str | None = None
    table: str | None = None
    path: str | None = None


class _ColumnShape(BaseModel):
    name: str
    type: str | None
    description: str | None
    not_null: bool


class _ExpectationShape(BaseModel):
    name: str


class _RelationshipShape(BaseModel):
    parent: str
    child: str
    on: dict[str, str]
    cardinality: str


class _ModelShape(BaseModel):
    kind: str
    dataset: str
    inputs: list[_InputShape]
    key: list[str] | None
    key_verdict: str | None
    relationships: list[_RelationshipShape]
    expectations: list[_ExpectationShape]
    columns: list[_ColumnShape]
    cdc: dict[str, Any] | None
    properties: dict[str, Any] = {}
    quarantine: bool
    artifact_hash: str


class _CheckShape(BaseModel):
    name: str
    artifact: str | None = None


class _SettingsShape(BaseModel):
    schema_name: str = Field(alias="schema")
    catalog: str | None = None
    configuration: dict[str, Any] = {}


class _UpdateShape(BaseModel):
    pipeline: str = ""
    update_id: str
    models: list[str]


class _DeploymentShape(BaseModel):
    settings: _SettingsShape
    full_refresh: list[str] = []
    refreshing: list[_UpdateShape] | _UpdateShape | None = None


class ManifestShape(BaseModel):
    """``manifest.json``, with the fields that a deployment adds."""

    project: dict[str, Any]
    models: dict[str, _ModelShape]
    checks: list[_CheckShape]
    artifacts: dict[str, str]
    deployment: _DeploymentShape


def read_state(content: bytes, shape: type[BaseModel]) -> dict[str, Any]:
    """Parse and check a file of the state.

    Args:
        content: The JSON.
        shape: The fields that it needs.

    Raises:
        ValueError: With the field and the reason.
    """
    try:
        document: dict[str, Any] = from_json(content)
    except ValueError as error:
        reason = "not JSON"
        raise ValueError(reason) from error
    try:
        shape.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"`{place}`: {first['msg']}" if place else first["msg"]) from error
    return document
