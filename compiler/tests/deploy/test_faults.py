"""Whatever goes wrong at whichever request: one more deployment ends where an undisturbed one does."""

from __future__ import annotations

import copy
import json
import os
from typing import Any

import pytest
from faults import KINDS, Fault, Kind
from projects import FIRST, SECOND, TWO, request, session
from workspace import Workspace
from workspace_api import WorkspaceApi

from cbx.deploy.deployment import deploy
from cbx.deploy.refresh import record_refreshed, start_refresh
from cbx.deploy.update import wait_for_update
from cbx.deploy.workspace.problems import DeployError

pytestmark = pytest.mark.slow

ALL = bool(os.environ.get("CBX_ALL_FAULTS"))
"""Whether every fault is tried at every request, as `make faults` does; else every third request meets some of them."""


SHORT, LONG = 0.3, 20.0
"""How many seconds a client waits for an answer: of a request that gets none, and of others."""


def attempt(files: dict[str, str], *, fault: Fault | None = None, start: bool = False) -> bool:
    """Deploy, and say whether it came to its end; nothing but a diagnostic may keep it from that."""
    try:
        here = session(timeout=SHORT if fault is not None and fault.kind == "timeout" else LONG)
        done = deploy(here, request(files, allow_destructive=True), lambda _: None)
        if start:
            update = start_refresh(here, done, done.committed, "", stop_running=False)
            result = wait_for_update(here, done.pipelines[""].id, update.refreshing.update_id, lambda *_: None)
            record_refreshed(here, done, update, result)
    except DeployError:
        return False
    return True


def outcome(api: WorkspaceApi) -> dict[str, Any]:
    """What a workspace holds in the end, without what is never the same: ids and times."""
    files = {path: content for path, content in api.contents().items() if not path.endswith("deployment.json")}
    record = next(
        json.loads(stored.content) for path, stored in api.objects.items() if path.endswith("deployment.json")
    )
    record["pipelines"] = {name: {**entry, "last_modified": 0} for name, entry in record["pipelines"].items()}
    ids = {**dict.fromkeys(api.pipelines, "pipeline"), **dict.fromkeys(map(str, api.jobs), "job")}
    pipelines = [
        {"spec": {**pipeline["spec"], "id": ""}, "run_as": pipeline["run_as"], "name": pipeline["name"]}
        for pipeline in api.pipelines.values()
    ]
    text = json.dumps(
        {
            "pipelines": pipelines,
            "jobs": [job["settings"] for job in api.jobs.values()],
            "permissions": {
                path.partition("/")[0]: entries
                for path, entries in api.permissions.items()
                if path.partition("/")[2] in ids
            },
            "schemas": sorted(api.schemas),
            "record": {**record, "job_id": 0},
        },
        sort_keys=True,
    )
    for identity in api.pipelines:
        text = text.replace(identity, "the pipeline")
    return {"files": files, **json.loads(text)}


def sources(found: dict[str, Any]) -> dict[str, Any]:
    return {path: file for path, file in found["files"].items() if "/files/" in path}


def deploy_undisturbed(begin: WorkspaceApi, files: dict[str, str], workspace: Workspace) -> tuple[dict[str, Any], int]:
    """Where a deployment ends that nothing disturbs, and how many requests it makes."""
    workspace.api = copy.deepcopy(begin)
    workspace.strike(None)
    assert attempt(files)
    return outcome(workspace.api), len(workspace.requests)


def choose_faults(requests: int) -> list[Fault]:
    """Each kind of fault at some requests, each request with some kinds of faults; or all of them."""
    pairs = [(number, at) for at in range(1, requests + 1) for number in range(len(KINDS))]
    return [Fault(KINDS[number], at) for number, at in pairs if ALL or (at % 3 == 1 and (number + at // 3) % 4 == 0)]


@pytest.mark.parametrize("step", ["first deployment", "second deployment", "two pipelines"])
def test_one_more_deployment_ends_where_an_undisturbed_one_does(step: str, workspace: Workspace) -> None:
    """Two projects, from an empty workspace and from one to the next, and a fault at every request in turn."""
    begin = copy.deepcopy(workspace.api)
    files = TWO if step == "two pipelines" else FIRST
    if step == "second deployment":
        deploy_undisturbed(begin, FIRST, workspace)
        begin, files = copy.deepcopy(workspace.api), SECOND
    expected, requests = deploy_undisturbed(begin, files, workspace)
    ends: dict[Kind, list[bool]] = {}
    wrong = []
    for fault in choose_faults(requests):
        workspace.api = copy.deepcopy(begin)
        workspace.strike(fault)
        ends.setdefault(fault.kind, []).append(attempt(files, fault=fault))
        workspace.strike(None)
        if not attempt(files) or outcome(workspace.api) != expected:
            wrong.append(fault)

    assert wrong == []
    assert {kind: all(came) for kind, came in ends.items()} == {
        kind: kind not in {"forbidden", "gone"} for kind in KINDS
    }


def test_an_interrupted_deployment_can_be_taken_back(workspace: Workspace) -> None:
    """Files of a deployment that broke off are not taken for those of the one before, whose hashes were kept."""
    expected, _ = deploy_undisturbed(workspace.api, FIRST, workspace)
    begin = copy.deepcopy(workspace.api)
    _, requests = deploy_undisturbed(begin, SECOND, workspace)
    wrong = []
    for at in range(1, requests + 1, 1 if ALL else 4):
        workspace.api = copy.deepcopy(begin)
        workspace.strike(Fault("gone", at))
        attempt(SECOND)
        workspace.strike(None)
        if not attempt(FIRST) or sources(outcome(workspace.api)) != sources(expected):
            wrong.append(at)

    assert wrong == []


def test_an_update_is_started_once(workspace: Workspace) -> None:
    """A fault at every request of a deployment that starts an update and follows it to its end."""
    attempt(FIRST)
    begin = copy.deepcopy(workspace.api)
    workspace.strike(None)
    assert attempt(SECOND, start=True)
    requests = len(workspace.requests)
    wrong = []
    for fault in choose_faults(requests):
        workspace.api = copy.deepcopy(begin)
        workspace.strike(fault)
        came = attempt(SECOND, fault=fault, start=True)
        started = len(workspace.api.updates.latest(next(iter(workspace.api.pipelines))))
        if started > 1 or (fault.kind not in {"forbidden", "gone"} and not (came and started == 1)):
            wrong.append((fault, came, started))

    assert wrong == []
