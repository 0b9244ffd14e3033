"""A whole deployment. It can be interrupted anywhere; the next deployment continues from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from databricks.sdk.service.pipelines import GetPipelineResponse

from cbx.changes.change_plan import ChangePlan, Deployed
from cbx.changes.compare import compare_manifests
from cbx.changes.tables import is_table
from cbx.deploy.resources.access import grant
from cbx.deploy.resources.job import remove_job, schedule_job
from cbx.deploy.resources.owners import SetOwners, check_owners, declared_owners, forget_owners, set_owners
from cbx.deploy.resources.pipeline import Pipeline, create_or_update_pipeline, find_pipeline
from cbx.deploy.resources.schemas import catalog_and_schemas, create_schemas
from cbx.deploy.resources.tags import count_waiting, declared_tags, forget_tags, set_tags
from cbx.deploy.state.lock import hold_lock
from cbx.deploy.state.record import (
    Committed,
    DeploymentRecord,
    PipelineRecord,
    read_committed,
    read_record,
    write_committed,
    write_record,
)
from cbx.deploy.target import Target, target_of
from cbx.deploy.update import settle_refreshing_updates
from cbx.deploy.workspace.files import FileSteps, WorkspaceFile, file_steps, workspace_files
from cbx.deploy.workspace.folder import Folder
from cbx.deploy.workspace.problems import DeployError
from cbx.deploy.workspace.session import WorkspaceSession
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.emit.manifest import PATH
from cbx.stages.plan import Artifact, Plan

_AT_A_TIME = 8

OnStep = Callable[[str], None]
"""Is called with each step, in a few words, such as ``uploading notebooks/silver/orders``."""


@dataclass(frozen=True)
class DeployRequest:
    """What to deploy, and how.

    Attributes:
        plan: The compiled project.
        artifacts: Its files.
        environment: The name of one of its deployed environments.
        full_refresh: The models that the next update has to refresh fully.
        allow_destructive: Whether rows may be lost.
        force_lock: Whether to take over the lock of another deployment.
    """

    plan: Plan
    artifacts: tuple[Artifact, ...]
    environment: str
    full_refresh: tuple[str, ...] = ()
    allow_destructive: bool = False
    force_lock: bool = False


@dataclass(frozen=True)
class Preview:
    """What a deployment would do: its target, what is deployed there, and what changes."""

    target: Target
    committed: Committed | None
    compiled: Deployed
    changes: ChangePlan


@dataclass(frozen=True)
class Deployment:
    """The result of a deployment.

    Attributes:
        target: Where it was deployed.
        changes: What has changed.
        files: Which files were uploaded and removed.
        pipelines: The pipelines by name, each after those whose tables it reads.
        schemas: The full names of the schemas that were created.
        committed: What is deployed now.
        is_changed: Whether anything in the workspace was changed.
        waiting_tags: How many tables and columns get their tags when they exist.
        waiting_owners: How many tables get their owner when they exist.
    """

    target: Target
    changes: ChangePlan
    files: FileSteps
    pipelines: Mapping[str, Pipeline]
    schemas: tuple[str, ...]
    committed: Committed
    is_changed: bool
    waiting_tags: int = 0
    waiting_owners: int = 0


def preview(session: WorkspaceSession, request: DeployRequest) -> Preview:
    """Compare a compiled project with what is deployed; the workspace is only read.

    Raises:
        DeployError: If the workspace cannot be read.
    """
    target = target_of(request.plan, request.environment, session.user, session.short_name)
    state = Folder(session, target.state)
    committed = read_committed(state)
    if committed is not None and committed.refreshing:
        committed = settle_refreshing_updates(session, committed, read_record(state))
    return _compare_with_deployed(request, target, committed)


def deploy(session: WorkspaceSession, request: DeployRequest, on_step: OnStep) -> Deployment:
    """Deploy a compiled project.

    Raises:
        DeployError: CBX611 if rows would be lost and that is not allowed; CBX651 at the end if the workspace refuses an
            owner; any other error of the workspace.
    """
    files = workspace_files(request.artifacts)
    target = target_of(request.plan, request.environment, session.user, session.short_name)
    state = Folder(session, target.state)
    with hold_lock(state, by_force=request.force_lock) as check_lock:
        on_step("reading what is deployed")
        record = read_record(state)
        committed = read_committed(state)
        if committed is not None:
            committed = settle_refreshing_updates(session, committed, record)
        seen = _compare_with_deployed(request, target, committed)
        if seen.changes.is_destructive and not request.allow_destructive:
            raise _destructive_error(seen.changes)
        return _deploy(session, seen, files, record, on_step, check_lock)


def _compare_with_deployed(request: DeployRequest, target: Target, committed: Committed | None) -> Preview:
    manifest = json.loads(next(artifact.text for artifact in request.artifacts if artifact.path == PATH))
    compiled = Deployed(manifest, target.compared_settings)
    check_owners(request.plan.project, request.environment, compiled)
    changes = compare_manifests(committed.deployed if committed else None, compiled, request.full_refresh)
    return Preview(target, committed, compiled, changes)


def _destructive_error(changes: ChangePlan) -> DeployError:
    hint = "`cbx plan` shows all changes; `--allow-destructive` deploys anyway"
    return DeployError(
        *(
            Diagnostic(codes.DESTRUCTIVE_CHANGE, f"`{name}`: {difference.detail}: {difference.reason}", hint=hint)
            for name, difference in changes.destructive
        )
    )


def _deploy(
    session: WorkspaceSession,
    seen: Preview,
    files: tuple[WorkspaceFile, ...],
    record: DeploymentRecord,
    on_step: OnStep,
    check_lock: Callable[[], None],
) -> Deployment:
    target = seen.target
    folder, state = Folder(session, target.files), Folder(session, target.state)
    steps = file_steps(files, record.files, folder.objects())
    existing = _find_pipelines(session, target, record)
    schemas = _create_missing_schemas(session, seen)
    record = _upload_files(folder, state, steps, record, on_step)
    pipelines = _update_pipelines(session, target, record, existing, on_step)
    ours = {
        pipeline.name: PipelineRecord(
            pipelines[pipeline.name].id, pipeline.all_settings, pipelines[pipeline.name].last_modified
        )
        for pipeline in target.pipelines
    }
    after = replace(record, files={file.path: file.digest for file in files}, pipelines={**record.pipelines, **ours})
    after = _update_job(session, target, after)
    after = _update_permissions(session, target, record, after, pipelines)
    for path in steps.remove:
        on_step(f"removing {path}")
        folder.remove(path)
    _write_if_changed(state, record, after)
    committed = Committed(
        replace(seen.compiled, due=_due_tables(seen)), seen.committed.refreshing if seen.committed else ()
    )
    if committed != seen.committed:
        check_lock()
        write_committed(state, committed)
    tagged = replace(after, tags=_set_tags(session, seen, record))
    _write_if_changed(state, after, tagged)
    owners, refused = _set_owners(session, seen, record)
    owned = replace(tagged, owners=owners)
    _write_if_changed(state, tagged, owned)
    if refused:
        raise DeployError(*refused)
    is_changed = bool(steps.clear or steps.remove or schemas) or owned != record or committed != seen.committed
    without_tags = count_waiting(declared_tags(seen.compiled), owned.tags)
    without_owner = len(declared_owners(seen.compiled)) - len(owners)
    return Deployment(
        target, seen.changes, steps, pipelines, schemas, committed, is_changed, without_tags, without_owner
    )


def _find_pipelines(
    session: WorkspaceSession, target: Target, record: DeploymentRecord
) -> dict[str, GetPipelineResponse | None]:
    return {
        pipeline.name: find_pipeline(session, pipeline, record.pipelines.get(pipeline.name))
        for pipeline in target.pipelines
    }


def _update_pipelines(
    session: WorkspaceSession,
    target: Target,
    record: DeploymentRecord,
    existing: Mapping[str, GetPipelineResponse | None],
    on_step: OnStep,
) -> dict[str, Pipeline]:
    """Create or update each pipeline."""
    pipelines: dict[str, Pipeline] = {}
    for pipeline in target.pipelines:
        on_step(f"pipeline {pipeline.name}".rstrip())
        known = record.pipelines.get(pipeline.name)
        pipelines[pipeline.name] = create_or_update_pipeline(session, pipeline, known, existing[pipeline.name])
    return pipelines


def _write_if_changed(state: Folder, before: DeploymentRecord, after: DeploymentRecord) -> None:
    if after != before:
        write_record(state, after)


def _set_tags(session: WorkspaceSession, seen: Preview, record: DeploymentRecord) -> Mapping[str, Mapping[str, str]]:
    """Set the tags of tables that may exist; what is set now."""
    declared = declared_tags(_deployed_before(seen))
    if not declared and not record.tags:
        return record.tags
    return set_tags(session, declared, forget_tags(record.tags, _recreated_tables(seen)))


def _set_owners(session: WorkspaceSession, seen: Preview, record: DeploymentRecord) -> SetOwners:
    """Set the owners of tables that may exist."""
    declared = declared_owners(_deployed_before(seen))
    return set_owners(session, declared, forget_owners(record.owners, _recreated_tables(seen)))


def _deployed_before(seen: Preview) -> Deployed:
    """What was compiled, with the models that were deployed before, whose tables may therefore exist."""
    deployed = seen.committed.deployed.manifest["models"] if seen.committed else {}
    models = {name: model for name, model in seen.compiled.manifest["models"].items() if name in deployed}
    return replace(seen.compiled, manifest={**seen.compiled.manifest, "models": models})


def _recreated_tables(seen: Preview) -> list[str]:
    """The tables of models that are now of another kind."""
    deployed = seen.committed.deployed.manifest["models"] if seen.committed else {}
    recreated = [
        change.model for change in seen.changes.models if any(each.aspect == "kind" for each in change.differences)
    ]
    return [f"{seen.compiled.settings.get('catalog')}.{deployed[name]['dataset']}" for name in recreated]


def _due_tables(seen: Preview) -> tuple[str, ...]:
    """The tables that the next update has to refresh fully, because of this deployment or an earlier one."""
    earlier = seen.committed.deployed.due if seen.committed else ()
    models = seen.compiled.manifest["models"]
    due = {*earlier, *seen.changes.full_refresh}
    return tuple(name for name in models if name in due and is_table(models[name]))


def _create_missing_schemas(session: WorkspaceSession, seen: Preview) -> tuple[str, ...]:
    catalog, schemas = catalog_and_schemas(seen.compiled)
    if catalog is None or (seen.committed and catalog_and_schemas(seen.committed.deployed) == (catalog, schemas)):
        return ()
    return create_schemas(session, catalog, schemas)


def _upload_files(
    folder: Folder, state: Folder, steps: FileSteps, record: DeploymentRecord, on_step: OnStep
) -> DeploymentRecord:
    """Upload new files, after recording that the files they replace are no longer known to be there."""
    if not (steps.upload or steps.clear or steps.remove):
        return record
    certain = replace(record, files={path: record.files[path] for path in steps.unchanged})
    write_record(state, certain)
    for path in steps.clear:
        folder.remove(path)
    for path in steps.folders:
        folder.make(path)

    def upload(file: WorkspaceFile) -> None:
        on_step(f"uploading {file.path}")
        folder.upload(file)

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        list(pool.map(upload, steps.upload))
    return certain


def _update_job(session: WorkspaceSession, target: Target, record: DeploymentRecord) -> DeploymentRecord:
    """Create, update or remove the job; the record with the job as it is now."""
    if target.job is None:
        if record.job_id is not None:
            remove_job(session, record.job_id)
        return replace(record, job_id=None, job=None)
    settings = target.job_settings({name: pipeline.id for name, pipeline in record.pipelines.items()})
    if record.job_id is not None and record.job == settings:
        return record
    return replace(record, job_id=schedule_job(session, settings, record), job=settings)


def _update_permissions(
    session: WorkspaceSession,
    target: Target,
    before: DeploymentRecord,
    after: DeploymentRecord,
    pipelines: Mapping[str, Pipeline],
) -> DeploymentRecord:
    """Set the permissions if they have changed; the record with the permissions as they are now.

    A project that has never declared permissions changes none.
    """
    is_new = any(pipeline.outcome == "created" for pipeline in pipelines.values()) or before.job_id != after.job_id
    if before.permissions == target.permissions and not (is_new and target.permissions):
        return after
    for pipeline in pipelines.values():
        grant(session, "pipelines", pipeline.id, target.permissions)
    if after.job_id is not None:
        grant(session, "jobs", str(after.job_id), target.permissions)
    return replace(after, permissions=tuple(target.permissions))
