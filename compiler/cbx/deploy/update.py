"""Updates of the pipeline: started, followed by their id, and stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from databricks.sdk.errors import BadRequest, NotFound, ResourceConflict
from databricks.sdk.service.pipelines import UpdateInfo

from cbx.deploy.events import Event, ExpectationTotal, errors, expectation_totals, new_events
from cbx.deploy.problems import DeployError
from cbx.deploy.record import Committed, with_due
from cbx.deploy.session import WorkspaceSession
from cbx.diagnostics import codes

_FINAL = ("COMPLETED", "FAILED", "CANCELED")
_SHORTEST, _LONGEST = 2.0, 10.0


@dataclass(frozen=True, slots=True)
class FinishedUpdate:
    """How an update ended, with the counts of its expectations and what its errors say."""

    update_id: str
    state: str
    rules: tuple[ExpectationTotal, ...]
    errors: tuple[str, ...]


def start_update(
    session: WorkspaceSession, pipeline_id: str, full: tuple[str, ...], others: tuple[str, ...], *, stop_running: bool
) -> str:
    """Start an update, and give its id.

    Args:
        session: The workspace.
        pipeline_id: The pipeline.
        full: The tables that are emptied and filled anew.
        others: All other tables; the API refreshes only those that are named, if any are.
        stop_running: Whether an update that runs is stopped.

    Raises:
        DeployError: CBX607 if an update runs already.
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
        return ours  # an attempt whose answer was lost
    return str(answer.update_id)


def _refreshes_same_tables(session: WorkspaceSession, pipeline_id: str, update_id: str, full: tuple[str, ...]) -> bool:
    """Whether an update that began a moment ago refreshes what we asked for."""
    found = _info(session, pipeline_id, update_id)
    return found is not None and tuple(found.full_refresh_selection or ()) == full


def active_update(session: WorkspaceSession, pipeline_id: str) -> str | None:
    """The id of the update that runs or waits, if one does."""
    pipelines = session.client.pipelines
    found = session.ask("reading the pipeline's state", lambda: pipelines.get(pipeline_id))
    for update in found.latest_updates or ():
        if update.state is not None and update.state.value not in _FINAL:
            return update.update_id
    return None


def _running_error(update_id: str | None) -> DeployError:
    hint = "wait for the update to end and start again, or stop it with `--stop-running`"
    return DeployError.of(codes.UPDATE_RUNNING, f"an update of the pipeline runs already: {update_id}", hint)


def _start_error(error: Exception) -> DeployError:
    return DeployError.of(codes.WORKSPACE_FAILURE, f"no update could be started: {error}", "start it again")


def _stop(session: WorkspaceSession, pipeline_id: str, update_id: str) -> None:
    session.ask("stopping the update", lambda: session.client.pipelines.stop(pipeline_id))
    for _ in _poll(session):
        if _state(session, pipeline_id, update_id) in _FINAL:
            return


def wait_for_update(
    session: WorkspaceSession, pipeline_id: str, update_id: str, listen: Callable[[str, list[Event]], None]
) -> FinishedUpdate:
    """Wait for an update to end.

    Args:
        session: The workspace.
        pipeline_id: The pipeline.
        update_id: The update. Its own state is asked for: a pipeline is idle before and after as well.
        listen: Told the update's state and the events since the last time.
    """
    known: set[str] = set()
    events: list[Event] = []
    for _ in _poll(session):
        state = _state(session, pipeline_id, update_id)
        fresh = new_events(session, pipeline_id, update_id, known)
        events += fresh
        listen(state, fresh)
        if state in _FINAL:
            return FinishedUpdate(update_id, state, expectation_totals(events), errors(events))
    raise AssertionError  # polling goes on until the update ends


def _poll(session: WorkspaceSession) -> Iterable[None]:
    pause = _SHORTEST
    while True:
        yield
        session.clock.sleep(pause)
        pause = min(pause * 1.25, _LONGEST)


def _state(session: WorkspaceSession, pipeline_id: str, update_id: str) -> str:
    found = _info(session, pipeline_id, update_id)
    return found.state.value if found is not None and found.state is not None else "CANCELED"


def _info(session: WorkspaceSession, pipeline_id: str, update_id: str) -> UpdateInfo | None:
    pipelines = session.client.pipelines
    try:
        return session.ask(
            "asking for the update", lambda: pipelines.get_update(pipeline_id, update_id), (NotFound,)
        ).update
    except NotFound:
        return None


def settle_refreshing_update(session: WorkspaceSession, committed: Committed, pipeline_id: str | None) -> Committed:
    """What is deployed, after an update that was to refresh models fully has been looked at again.

    Whoever started it may not have waited for it. Models that it has refreshed are no longer due.
    """
    if committed.refreshing is None or pipeline_id is None:
        return committed
    update_id, models = committed.refreshing
    state = _state(session, pipeline_id, update_id)
    if state == "COMPLETED":
        return with_due(committed, tuple(model for model in committed.deployed.due if model not in models))
    return replace(committed, refreshing=None) if state in _FINAL else committed
