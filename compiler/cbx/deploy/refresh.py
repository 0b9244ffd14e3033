"""The updates that follow a deployment, and the models that they refresh fully."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cbx.changes.tables import is_table
from cbx.deploy.deployment import Deployment
from cbx.deploy.events import Event
from cbx.deploy.state.record import Committed, RefreshingUpdate, with_refreshed, write_committed
from cbx.deploy.update import FinishedUpdate, start_update, wait_for_update
from cbx.deploy.workspace.folder import Folder
from cbx.deploy.workspace.session import WorkspaceSession
from cbx.project.dataset_names import quarantine_table


@dataclass(frozen=True, slots=True)
class StartedUpdate:
    """An update that was started.

    Attributes:
        refreshing: Its pipeline and id, and the models that it refreshes fully.
        committed: What is deployed, with this update.
    """

    refreshing: RefreshingUpdate
    committed: Committed


def start_refresh(
    session: WorkspaceSession, done: Deployment, committed: Committed, pipeline: str, *, stop_running: bool
) -> StartedUpdate:
    """Start an update of all tables of a pipeline; tables that are due are refreshed fully.

    The models that it refreshes fully are written to the workspace: if nobody waits for the update, the next
    deployment checks whether it completed.

    Args:
        session: The workspace.
        done: The deployment.
        committed: What is deployed, after the updates of other pipelines.
        pipeline: The name of the pipeline.
        stop_running: Whether to stop a running update of the pipeline first.

    Raises:
        DeployError: CBX607 if an update is running.
    """
    models = committed.deployed.manifest["models"]
    ours = [name for name, model in models.items() if model.get("pipeline", "") == pipeline]
    tables = [name for name in ours if is_table(models[name])]
    full = tuple(name for name in tables if name in committed.deployed.due)
    update_id = start_update(
        session,
        done.pipelines[pipeline].id,
        tuple(table for name in full for table in _tables_of_model(models[name])),
        tuple(table for name in tables if name not in full for table in _tables_of_model(models[name])),
        stop_running=stop_running,
    )
    update = RefreshingUpdate(pipeline, update_id, full)
    if full:
        others = tuple(other for other in committed.refreshing if other.pipeline != pipeline)
        committed = replace(committed, refreshing=(*others, update))
        write_committed(Folder(session, done.target.state), committed)
    return StartedUpdate(update, committed)


def _tables_of_model(model: Mapping[str, Any]) -> tuple[str, ...]:
    """A model's table, and its quarantine table, if it has one."""
    dataset = str(model["dataset"])
    return (dataset, quarantine_table(dataset)) if model["quarantine"] else (dataset,)


def record_refreshed(
    session: WorkspaceSession, done: Deployment, update: StartedUpdate, result: FinishedUpdate
) -> Committed:
    """Record that the models that an update has refreshed fully are no longer due.

    Returns:
        What is deployed now.
    """
    if not update.refreshing.models or result.state != "COMPLETED":
        return update.committed
    committed = with_refreshed(update.committed, update.refreshing)
    write_committed(Folder(session, done.target.state), committed)
    return committed


def update_pipelines(
    session: WorkspaceSession,
    done: Deployment,
    on_start: Callable[[StartedUpdate], object],
    listen: Callable[[str, list[Event]], None],
    *,
    stop_running: bool,
) -> Iterator[FinishedUpdate]:
    """Update all pipelines, one after the other, so that each reads the new rows of those before it.

    Args:
        session: The workspace.
        done: The deployment.
        on_start: Is called with each update that is started.
        listen: As for `wait_for_update`.
        stop_running: Whether to stop running updates of the pipelines first.

    Yields:
        Each update when it has ended; the next one starts when the caller asks for it.
    """
    committed = done.committed
    for name, pipeline in done.pipelines.items():
        update = start_refresh(session, done, committed, name, stop_running=stop_running)
        on_start(update)
        result = wait_for_update(session, pipeline.id, update.refreshing.update_id, listen)
        committed = record_refreshed(session, done, update, result)
        yield result
