"""A pipeline: find it, create it, or update all its settings in one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from databricks.sdk.errors import NotFound, ResourceConflict
from databricks.sdk.service.pipelines import GetPipelineResponse, PipelineSpec, RunAs

from cbx.deploy.state.record import PipelineRecord
from cbx.deploy.target import PipelineTarget
from cbx.deploy.workspace.problems import DeployError
from cbx.deploy.workspace.session import WorkspaceSession
from cbx.diagnostics import codes

Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of the workspace, after a deployment."""

    id: str
    last_modified: int | None
    outcome: Outcome


def find_pipeline(
    session: WorkspaceSession, target: PipelineTarget, record: PipelineRecord | None
) -> GetPipelineResponse | None:
    """The pipeline of an earlier deployment: by the recorded id, else by name if its files are ours.

    Raises:
        DeployError: CBX606 if another pipeline has the name.
    """
    if record is not None:
        existing = _get(session, record.id)
        if existing is not None:
            return existing
    name = str(target.settings["name"])
    pattern = name.replace("'", "_")
    pipelines = session.client.pipelines
    named = session.ask(
        "looking for the pipeline", lambda: list(pipelines.list_pipelines(filter=f"name LIKE '{pattern}'"))
    )
    others = []
    for pipeline in named:
        if pipeline.name != name or pipeline.pipeline_id is None:
            continue
        existing = _get(session, pipeline.pipeline_id)
        if existing is not None and _is_ours(existing, target):
            return existing
        others.append(pipeline.pipeline_id)
    if others:
        hint = f"rename {others[0]} or the project; if a bundle created it, run `databricks bundle destroy`"
        raise DeployError.of(codes.PIPELINE_NAME_TAKEN, f"another pipeline is named `{name}`", hint)
    return None


def create_or_update_pipeline(
    session: WorkspaceSession,
    target: PipelineTarget,
    record: PipelineRecord | None,
    existing: GetPipelineResponse | None,
) -> Pipeline:
    """Create the pipeline, or replace all its settings if they are not as we left them.

    Raises:
        DeployError: CBX606 if another user edits it at the same time.
    """
    if existing is None:
        created = _create(session, target)
        if created is not None:
            return Pipeline(created, _last_modified(session, created), "created")
        existing = find_pipeline(session, target, record)
        if existing is None:
            message = "the pipeline was created and deleted at the same time"
            raise DeployError.of(codes.PIPELINE_CHANGED, message, "deploy again")
    identity = str(existing.pipeline_id)
    if record is not None and record.settings == target.all_settings and record.last_modified == existing.last_modified:
        return Pipeline(identity, existing.last_modified, "unchanged")
    _update(session, target, existing)
    return Pipeline(identity, _last_modified(session, identity), "updated")


def _create(session: WorkspaceSession, target: PipelineTarget) -> str | None:
    """The id of a new pipeline; None if the name exists, perhaps from a request whose response was lost."""
    pipelines = session.client.pipelines
    conflict = (ResourceConflict,)
    try:
        created = session.ask("creating the pipeline", lambda: pipelines.create(**_arguments(target)), conflict)
    except conflict:
        return None
    return str(created.pipeline_id)


def _update(session: WorkspaceSession, target: PipelineTarget, existing: GetPipelineResponse) -> None:
    identity = str(existing.pipeline_id)
    pipelines = session.client.pipelines
    try:
        session.ask(
            "updating the pipeline",
            lambda: pipelines.update(identity, expected_last_modified=existing.last_modified, **_arguments(target)),
            (ResourceConflict,),
        )
    except ResourceConflict as error:
        now = _get(session, identity)
        if now is None or not _has_settings(now, target):  # else the response to our own request was lost
            hint = "deploy again when they have finished; it replaces all settings with those of project.toml"
            message = "somebody else has just edited the pipeline's settings"
            raise DeployError.of(codes.PIPELINE_CHANGED, message, hint) from error


def _arguments(target: PipelineTarget) -> dict[str, Any]:
    arguments = dict(PipelineSpec.from_dict(target.settings).as_shallow_dict())
    if target.run_as:
        arguments["run_as"] = RunAs.from_dict(target.run_as)
    return arguments


def _has_settings(existing: GetPipelineResponse, target: PipelineTarget) -> bool:
    return _includes(existing.spec.as_dict() if existing.spec else {}, target.settings)


def _includes(current: Any, sent: Any) -> bool:
    """Whether the workspace has what was sent; it adds keys to a configuration, and drops empty lists."""
    if isinstance(sent, dict) and isinstance(current, dict):
        return all(_includes(current.get(name), value) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(current, list):
        return len(current) == len(sent) and all(map(_includes, current, sent))
    return bool(current == sent) or (current is None and sent in ([], {}))


def _is_ours(existing: GetPipelineResponse, target: PipelineTarget) -> bool:
    spec = existing.spec.as_dict() if existing.spec else {}
    paths = [
        path
        for library in spec.get("libraries", ())
        for path in (*library.get("notebook", {}).values(), *library.get("glob", {}).values())
    ]
    return any(str(path).startswith(f"{target.files}/") for path in paths)


def _get(session: WorkspaceSession, identity: str) -> GetPipelineResponse | None:
    pipelines = session.client.pipelines
    try:
        return session.ask("reading the pipeline's settings", lambda: pipelines.get(identity), (NotFound,))
    except NotFound:
        return None


def _last_modified(session: WorkspaceSession, identity: str) -> int | None:
    existing = _get(session, identity)
    return existing.last_modified if existing else None
