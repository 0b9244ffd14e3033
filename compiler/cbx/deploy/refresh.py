"""The update that follows a deployment, and the models that it refreshes fully."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cbx.deploy.deployment import Deployment
from cbx.deploy.folder import Folder
from cbx.deploy.record import Committed, with_due, write_committed
from cbx.deploy.session import WorkspaceSession
from cbx.deploy.update import FinishedUpdate, start_update
from cbx.project.dataset_names import quarantine_table


@dataclass(frozen=True, slots=True)
class StartedUpdate:
    """An update that was started: its id, and the models that it refreshes fully."""

    id: str
    full_refresh: tuple[str, ...]


def start_refresh(session: WorkspaceSession, done: Deployment, *, stop_running: bool) -> StartedUpdate:
    """Start an update of all tables; tables that are due are refreshed fully.

    The models that it refreshes fully are written to the workspace: if nobody waits for the update, the next
    deployment checks whether it completed.

    Raises:
        DeployError: CBX607 if an update is running.
    """
    committed = done.committed
    models = committed.deployed.manifest["models"]
    tables = [name for name in models if models[name]["kind"] != "view"]
    full = tuple(name for name in tables if name in committed.deployed.due)
    update_id = start_update(
        session,
        done.pipeline.id,
        tuple(table for name in full for table in _tables_of_model(models[name])),
        tuple(table for name in tables if name not in full for table in _tables_of_model(models[name])),
        stop_running=stop_running,
    )
    if full:
        noted = replace(committed, refreshing=(update_id, full))
        write_committed(Folder(session, done.target.state), noted)
    return StartedUpdate(update_id, full)


def _tables_of_model(model: Mapping[str, Any]) -> tuple[str, ...]:
    """A model's table, and its quarantine table, if it has one."""
    dataset = str(model["dataset"])
    return (dataset, quarantine_table(dataset)) if model["quarantine"] else (dataset,)


def record_refreshed(
    session: WorkspaceSession, done: Deployment, update: StartedUpdate, result: FinishedUpdate
) -> None:
    """Record that the models that an update has refreshed fully are no longer due."""
    if not update.full_refresh or result.state != "COMPLETED":
        return
    committed: Committed = done.committed
    due = tuple(name for name in committed.deployed.due if name not in update.full_refresh)
    write_committed(Folder(session, done.target.state), with_due(committed, due))
