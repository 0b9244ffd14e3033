"""Updates of the pipeline: start, wait for and stop them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from databricks.sdk.errors import BadRequest, NotFound, ResourceConflict
from databricks.sdk.service.pipelines import UpdateInfo

from cbx.deploy.events import Event, ExpectationTotal, errors, expectation_totals, new_events
from cbx.deploy.state.record import Committed, DeploymentRecord, with_refreshed, without_update
from cbx.deploy.workspace.problems import DeployError
from cbx.deploy.workspace.session import WorkspaceSession
from cbx.diagnostics import codes

_FINAL = ("COMPLETED", "FAILED", "CANCELED")
_SHORTEST, _LONGEST = 2.0, 10.0


@dataclass(frozen=True, slots=True)
class FinishedUpdate:
    """How an update ended, with the counts of its expectations and its error messages."""

    update_id: str
    state: str
    rules: tuple[ExpectationTotal, ...]
    errors: tuple[str, ...]


def start_update(
    session: WorkspaceSession, pipeline_id: str, full: tuple[str, ...], others: tuple[str, ...], *, stop_running: bool
) -> str:
    """Start an update.

    Args:
        session: The workspace.
        pipeline_id: The pipeline.
        full: The tables to refresh fully.
        others: All other tables: if any table is named, the API refreshes only the named ones.
        stop_running: Whether to stop a running update first.

    Returns:
        The id of the update.

    Raises:
        DeployError: CBX607 if an update is running.
    """
    running = active_update(session, pipeline_id)
    if running is not None:
        if not stop_running:
            raise _running_error(running)
        _stop(session, pipeline_id, running)
    pipelines = session.client.pipelines
    selection: dict[str, Any] = (
        {"full_refresh_selection": list(full), "refresh_selection": list(others)} if full else {}
    )
    conflict = (ResourceConflict, BadRequest)
    try:
        answer = session.ask("starting an update", lambda: pipelines.start_update(pipeline_id, **selection), conflict)
    except conflict as error:
        ours = active_update(session, pipeline_id)
        if ours is None or not _refreshes_same_tables(session, pipeline_id, ours, full):
            raise _running_error(ours) if ours else _start_error(error) from error
        return ours  # the response to our own request was lost
    return str(answer.update_id)


def _refreshes_same_tables(session: WorkspaceSession, pipeline_id: str, update_id: str, full: tuple[str, ...]) -> bool:
    """Whether an update refreshes the same tables fully."""
    info = _info(session, pipeline_id, update_id)
    return info is not None and tuple(info.full_refresh_selection or ()) == full


def active_update(session: WorkspaceSession, pipeline_id: str) -> str | None:
    """The id of the update that is running or waiting; None if there is none."""
    pipelines = session.client.pipelines
    pipeline = session.ask("reading the pipeline's state", lambda: pipelines.get(pipeline_id))
    for update in pipeline.latest_updates or ():
        if update.state is not None and update.state.value not in _FINAL:
            return update.update_id
    return None


def _running_error(update_id: str | None) -> DeployError:
    hint = "wait until it ends and start again, or stop it with `--stop-running`"
    return DeployError.of(codes.UPDATE_RUNNING, f"an update of the pipeline is already running: {update_id}", hint)


def _start_error(error: Exception) -> DeployError:
    return DeployError.of(codes.WORKSPACE_FAILURE, f"the update was not started: {error}", "start it again")


def _stop(session: WorkspaceSession, pipeline_id: str, update_id: str) -> None:
    session.ask("stopping the update", lambda: session.client.pipelines.stop(pipeline_id))
    for _ in _poll(session):
        if _state(session, pipeline_id, update_id) in _FINAL:
            return


def wait_for_update(
    session: WorkspaceSession, pipeline_id: str, update_id: str, listen: Callable[[str, list[Event]], None]
) -> FinishedUpdate:
    """Wait until an update ends.

    Args:
        session: The workspace.
        pipeline_id: The pipeline.
        update_id: The update.
        listen: Is called after each poll with the update's state and its new events.
    """
    seen: set[str] = set()
    events: list[Event] = []
    for _ in _poll(session):
        state = _state(session, pipeline_id, update_id)
        fresh = new_events(session, pipeline_id, update_id, seen)
        events += fresh
        listen(state, fresh)
        if state in _FINAL:
            return FinishedUpdate(update_id, state, expectation_totals(events), errors(events))
    raise AssertionError  # the polls never end


def _poll(session: WorkspaceSession) -> Iterable[None]:
    pause = _SHORTEST
    while True:
        yield
        session.clock.sleep(pause)
        pause = min(pause * 1.25, _LONGEST)


def _state(session: WorkspaceSession, pipeline_id: str, update_id: str) -> str:
    info = _info(session, pipeline_id, update_id)
    return info.state.value if info is not None and info.state is not None else "CANCELED"


def _info(session: WorkspaceSession, pipeline_id: str, update_id: str) -> UpdateInfo | None:
    pipelines = session.client.pipelines
    try:
        return session.ask(
            "reading the update", lambda: pipelines.get_update(pipeline_id, update_id), (NotFound,)
        ).update
    except NotFound:
        return None


def settle_refreshing_updates(session: WorkspaceSession, committed: Committed, record: DeploymentRecord) -> Committed:
    """Check the updates that were started to refresh models fully, in case the deployment did not wait for them.

    Returns:
        What is deployed; models that an update has refreshed are no longer due.
    """
    for update in committed.refreshing:
        pipeline = record.pipelines.get(update.pipeline)
        state = _state(session, pipeline.id, update.update_id) if pipeline is not None else ""
        if state == "COMPLETED":
            committed = with_refreshed(committed, update)
        elif state in _FINAL:
            committed = without_update(committed, update)
    return committed
