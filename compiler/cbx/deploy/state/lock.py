"""The lock of a deployment, a file in the workspace: two deployments of an environment cannot run at the same time."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from uuid import uuid4

from databricks.sdk.errors import NotFound

from cbx.deploy.workspace.folder import Folder
from cbx.deploy.workspace.problems import DeployError
from cbx.diagnostics import codes

_PATH = "deploy.lock"


@contextlib.contextmanager
def hold_lock(state: Folder, *, by_force: bool) -> Iterator[Callable[[], None]]:
    """Hold the lock of a deployment.

    The lock of a killed process of this machine is taken over.

    Args:
        state: The folder of the deployment's state.
        by_force: Whether to take over any lock.

    Yields:
        A function that raises CBX610 if the lock has been taken over since.

    Raises:
        DeployError: CBX610 if another deployment holds the lock.
    """
    mine = {
        "id": uuid4().hex,
        "user": state.session.user,
        "machine": platform.node(),
        "process": os.getpid(),
        "since": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }

    def check_lock() -> None:
        held = _read_lock(state)
        if held is None or held["id"] != mine["id"]:
            raise _locked_error(held or {})

    _acquire(state, mine, by_force=by_force)
    try:
        yield check_lock
    finally:
        with contextlib.suppress(DeployError):  # a lock that cannot be released is taken over by the next deployment
            check_lock()
            state.remove(_PATH)


def _acquire(state: Folder, mine: dict[str, object], *, by_force: bool) -> None:
    content = (json.dumps(mine, indent=2) + "\n").encode()
    for _ in range(3):
        try:
            if state.write_new(_PATH, content):
                return
        except NotFound:
            state.make()
            continue
        held = _read_lock(state)
        if held is None:
            continue
        if held["id"] == mine["id"]:  # the response to an earlier request was lost
            return
        if not (by_force or _is_stale(held)):
            raise _locked_error(held)
        state.remove(_PATH)
    raise DeployError.of(codes.DEPLOYMENT_LOCKED, "another deployment is running", "wait, then deploy again")


def _read_lock(state: Folder) -> dict[str, object] | None:
    content = state.read(_PATH)
    if content is None:
        return None
    try:
        held = json.loads(content)
    except (ValueError, RecursionError):
        held = None
    return held if isinstance(held, dict) and "id" in held else {"id": None}


def _is_stale(held: dict[str, object]) -> bool:
    """Whether the lock belongs to this process, or to a process of this machine that has ended."""
    process = held.get("process")
    if held.get("machine") != platform.node() or not isinstance(process, int) or os.name != "posix":
        return False
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _locked_error(held: dict[str, object]) -> DeployError:
    by_user = f"`{held['user']}` deploys from `{held.get('machine')}`"
    who = by_user if held.get("user") else "another deployment is running"
    since = f" since {held['since']}" if held.get("since") else ""
    hint = "wait until it ends; if it was killed, use `--force-lock`"
    return DeployError.of(codes.DEPLOYMENT_LOCKED, f"{who}{since}", hint)
