"""What keeps a deployment from its end: a code, a reason and a way out, as its page shows it; never a traceback."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from databricks.sdk.clock import RealClock
from projects import FIRST, SECOND, cbx, deploy_files, request, session
from workspace import Workspace
from workspace_api import ANN, ROBOT, Stored

from cbx.deploy.deployment import deploy
from cbx.deploy.state.lock import hold_lock
from cbx.deploy.workspace.files import workspace_files
from cbx.deploy.workspace.folder import Folder
from cbx.deploy.workspace.problems import DeployError
from cbx.diagnostics.code_pages import read_page
from cbx.stages.plan import Artifact

LOCK = f"/Users/{ANN}/.cbx/shop/prod/state/deploy.lock"


def on_its_page(text: str, code: str) -> str:
    """The headline of an error with a code, if the page of the code shows it; numbers of ports aside."""
    headline = next(line for line in text.split("\n") if line.startswith(f"error[{code}]"))
    page = read_page(code) or ""
    return (
        headline if re.sub(r"127\.0\.0\.1:\d+", "HOST", headline) in re.sub(r"127\.0\.0\.1:\d+", "HOST", page) else ""
    )


def no_credentials(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del workspace, project
    patch.delenv("DATABRICKS_HOST")
    patch.delenv("DATABRICKS_TOKEN")


def unreachable(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del workspace, project
    patch.setenv("DATABRICKS_HOST", "http://127.0.0.1:1")


def expire_token(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del workspace, project
    patch.setenv("DATABRICKS_TOKEN", "dapi-of-last-year")


def forbid_updates(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del patch
    cbx("deploy", "--env", "prod", folder=project)
    change(project, 'schedule = "0 0 5 * * ?"', 'schedule = "0 0 5 * * ?"\ncontinuous = true')
    workspace.api.forbidden.add("update_pipeline")


def missing_catalog(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del workspace, patch
    change(project, 'catalog = "shop"\n', 'catalog = "shop_prod"\n')


def name_taken(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del project, patch
    workspace.api.create_pipeline(body={"name": "shop", "libraries": [{"notebook": {"path": "/Users/bob/.bundle/x"}}]})


def update_running(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del patch
    cbx("deploy", "--env", "prod", folder=project)
    (identity,) = workspace.api.pipelines
    workspace.api.updates.start(identity, {})


def locked_by_bob(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del project, patch
    held = {
        "id": "1",
        "user": "bob@example.com",
        "machine": "build-7",
        "process": 1,
        "since": "2026-01-01T09:00:00+00:00",
    }
    workspace.api.make_folders(body={"path": str(Path(LOCK).parent)})
    workspace.api.objects[LOCK] = Stored("FILE", json.dumps(held).encode())


def model_gone(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del workspace, patch
    cbx("deploy", "--env", "prod", folder=project)
    (project / "models/gold/sales.sql").unlink()


def failing(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del patch
    model = project / "models/silver/orders.sql"
    model.parent.mkdir()
    model.write_text('{{ streaming_table() }}\nSELECT * FROM {{ stream("bronze.orders") }}\n', encoding="utf-8")
    workspace.api.updates.failing["silver.orders"] = "Column `amount` cannot be resolved."


def out_of_order(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del project
    patch.setitem(workspace.broken, ("POST", "/api/2.0/pipelines"), "Something is wrong on our side.")


def corrupt_manifest(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del patch
    cbx("deploy", "--env", "prod", folder=project)
    manifest = LOCK.replace("deploy.lock", "manifest.json")
    document = json.loads(workspace.api.objects[manifest].content)
    del document["models"]["bronze.orders"]["kind"]
    workspace.api.objects[manifest] = Stored("FILE", json.dumps(document).encode())


def missing_variable(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del workspace
    patch.delenv("BUDGET_POLICY", raising=False)
    setting = "budget_policy_id = \"{{ env_var('BUDGET_POLICY') }}\""
    change(project, "[environments.prod]", f"[environments.prod.pipeline]\n{setting}\n\n[environments.prod]")


def refused_owner(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del patch
    model = project / "models/gold/sales.sql"
    model.write_text(model.read_text(encoding="utf-8").replace("key=", 'owner="sales", key='), encoding="utf-8")
    owners = '[environments.prod.owners]\nsales = "data-engineers"'
    change(project, "[environments.prod]", f"{owners}\n\n[environments.prod]")
    cbx("deploy", "--env", "prod", folder=project)
    workspace.api.tables.add("shop.gold.sales")


def nothing(workspace: Workspace, project: Path, patch: pytest.MonkeyPatch) -> None:
    del workspace, project, patch


def change(project: Path, old: str, new: str) -> None:
    settings = project / "project.toml"
    text = settings.read_text(encoding="utf-8")
    assert old in text
    settings.write_text(text.replace(old, new), encoding="utf-8")


Arrange = Callable[[Workspace, Path, pytest.MonkeyPatch], None]
UPDATE = ("deploy", "--env", "prod", "--start", "--wait")
CASES: list[tuple[str, Arrange, tuple[str, ...], int]] = [
    ("CBX601", no_credentials, ("plan", "--env", "prod"), 2),
    ("CBX602", unreachable, ("plan", "--env", "prod"), 2),
    ("CBX603", expire_token, ("plan", "--env", "prod"), 2),
    ("CBX604", forbid_updates, ("deploy", "--env", "prod"), 2),
    ("CBX605", missing_catalog, ("deploy", "--env", "prod"), 1),
    ("CBX606", name_taken, ("deploy", "--env", "prod"), 2),
    ("CBX607", update_running, UPDATE, 2),
    ("CBX608", nothing, ("deploy",), 1),
    ("CBX610", locked_by_bob, ("deploy", "--env", "prod"), 2),
    ("CBX611", model_gone, ("deploy", "--env", "prod"), 1),
    ("CBX612", failing, UPDATE, 1),
    ("CBX613", out_of_order, ("deploy", "--env", "prod"), 2),
    ("CBX614", corrupt_manifest, ("plan", "--env", "prod"), 2),
    ("CBX650", missing_variable, ("deploy", "--env", "prod"), 2),
    ("CBX651", refused_owner, ("deploy", "--env", "prod"), 2),
]


@pytest.mark.parametrize(("code", "arrange", "command", "status"), CASES, ids=[case[0] for case in CASES])
def test_a_problem_is_reported_as_its_page_shows(
    code: str,
    arrange: Arrange,
    command: tuple[str, ...],
    status: int,
    workspace: Workspace,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each in a workspace of its own, through the command line."""
    arrange(workspace, project, monkeypatch)
    ended = cbx(*command, folder=project)

    assert on_its_page(ended.err, code)
    assert (ended.status, "Traceback" in ended.err) == (status, False)
    assert LOCK not in workspace.api.objects or code == "CBX610"


@pytest.mark.parametrize("is_right", [True, False])
def test_a_service_principal_logs_in_by_its_secret(
    workspace: Workspace, project: Path, monkeypatch: pytest.MonkeyPatch, *, is_right: bool
) -> None:
    """And is told so if the secret is not the right one."""
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", ROBOT)
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", workspace.secret if is_right else "dose-of-last-year")
    ended = cbx("plan", "--env", "prod", folder=project)

    assert ended.status == (0 if is_right else 2)
    assert ("error[CBX603]" in ended.err, "Client authentication failed" in ended.err) == (not is_right, not is_right)
    assert "dose-" not in ended.out + ended.err


def test_a_file_that_is_too_large_is_cbx609() -> None:
    """It is found before anything is uploaded, and all of them are named."""
    text = "# Databricks notebook source\n".ljust(9_000_000, "#")
    with pytest.raises(DeployError) as raised:
        workspace_files([Artifact("notebooks/silver/orders.py", text), Artifact("notebooks/silver/items.py", text)])
    messages = [diagnostic.message for diagnostic in raised.value.diagnostics]

    assert f"error[CBX609] file-too-large: {messages[0]}" in (read_page("CBX609") or "")
    assert len(messages) == 2


def test_a_pipeline_that_somebody_edits_meanwhile_is_cbx606(workspace: Workspace) -> None:
    """Their edit is not overwritten without a word; the next deployment overwrites it."""
    deploy_files(FIRST)
    (only,) = workspace.api.pipelines.values()
    workspace.before = lambda method, _: (
        only.update(last_modified=only["last_modified"] + 1) if method == "PUT" else None
    )
    with pytest.raises(DeployError, match="somebody else has just edited"):
        deploy_files(SECOND, allow_destructive=True)
    workspace.before = lambda *_: None

    assert deploy_files(SECOND, allow_destructive=True).pipelines[""].outcome == "updated"


def test_a_lock_can_be_taken_by_force(workspace: Workspace, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a machine of CI was taken away in the middle."""
    locked_by_bob(workspace, project, monkeypatch)
    ended = cbx("deploy", "--env", "prod", "--force-lock", folder=project)

    assert (ended.status, LOCK in workspace.api.objects) == (0, False)


def test_two_deployments_do_not_mix(workspace: Workspace) -> None:
    """The second is refused while the first holds the lock, and the lock of the first stays."""
    here = session()
    folder = Folder(here, f"/Workspace/Users/{ANN}/.cbx/shop/prod/state")
    with hold_lock(folder, by_force=False):
        held = json.loads(workspace.api.objects[LOCK].content)
        workspace.api.objects[LOCK].content = json.dumps({**held, "machine": "build-7"}).encode()
        with pytest.raises(DeployError, match="deploys from `build-7`"):
            deploy(here, request(FIRST), lambda _: None)

        assert LOCK in workspace.api.objects

    assert LOCK not in workspace.api.objects


def test_who_lost_the_lock_does_not_say_what_is_deployed(workspace: Workspace) -> None:
    """Somebody has taken over by force: what is deployed is theirs to say."""

    def take_over(method: str, path: str) -> None:
        if method == "POST" and path == "/api/2.0/pipelines":
            workspace.api.objects[LOCK].content = b'{"id": "2", "user": "bob@example.com", "machine": "build-7"}'

    workspace.before = take_over
    with pytest.raises(DeployError, match=r"`bob@example\.com` deploys from `build-7`"):
        deploy_files(FIRST)

    assert LOCK in workspace.api.objects
    assert LOCK.replace("deploy.lock", "manifest.json") not in workspace.api.objects


def test_ctrl_c_leaves_the_update_running(workspace: Workspace, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says where it can be looked at."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RealClock, "sleep", interrupt)
    ended = cbx("deploy", "--env", "prod", "--start", "--wait", folder=project)
    (identity,) = workspace.api.pipelines

    assert ended.status == 130
    assert f"Interrupted. The update continues: {workspace.host}/pipelines/{identity}" in ended.err
    assert workspace.api.updates.active(identity) is not None


@pytest.mark.slow
def test_ctrl_c_gives_the_lock_back(workspace: Workspace, project: Path) -> None:
    """The next deployment goes on where this one stopped."""
    process: list[subprocess.Popen[bytes]] = []

    def interrupt(method: str, path: str) -> None:
        if (method, path) == ("POST", "/api/2.0/pipelines"):
            process[0].send_signal(signal.SIGINT)

    workspace.before = interrupt
    listening = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = listening + "runpy.run_module('cbx', run_name='__main__')"  # started by a shell's `&`, it would be deaf
    command = [sys.executable, "-c", program, "deploy", "--env", "prod", "--project", str(project)]
    process.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
    status = process[0].wait(timeout=60)
    workspace.before = lambda *_: None

    assert (status, LOCK in workspace.api.objects) == (130, False)
    assert cbx("deploy", "--env", "prod", folder=project).status == 0


@pytest.mark.slow
def test_a_deployment_that_was_killed_is_gone_on_with(workspace: Workspace, project: Path) -> None:
    """Killed in the middle of the uploads: its lock is taken over, since its process is no more."""
    process: list[subprocess.Popen[bytes]] = []
    uploads: list[str] = []
    handlers: list[threading.Thread] = []

    def kill(_: str, path: str) -> None:
        uploads.append(path)
        if uploads.count("/api/2.0/workspace/import") == 5:
            handlers.append(threading.current_thread())
            process[0].send_signal(signal.SIGKILL)
            process[0].wait()

    workspace.before = kill
    command = [sys.executable, "-m", "cbx", "deploy", "--env", "prod", "--project", str(project)]
    process.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
    process[0].wait(timeout=60)
    handlers[0].join(timeout=60)
    workspace.before = lambda *_: None
    is_left = LOCK in workspace.api.objects
    done = deploy_files(FIRST)

    assert (is_left, LOCK in workspace.api.objects) == (True, False)
    assert done.is_changed
    assert not deploy_files(FIRST).is_changed


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'catalog = "shop"\n',
            'catalog = "shop"\nroot_path = "shop"\n',
            "`environments.prod.root_path`: it should be a folder in the workspace",
        ),
        (
            "development = true\n",
            'development = true\nroot_path = "/Workspace/Shared/x"\n',
            "in development mode `root_path` starts with `~/`",
        ),
        (
            'catalog = "shop"\n',
            'catalog = "shop"\nrootpath = "x"\n',
            "there is no setting `environments.prod.rootpath`",
        ),
    ],
)
def test_a_wrong_setting_is_found_before_anything_is_asked(
    old: str, new: str, message: str, workspace: Workspace, project: Path
) -> None:
    """A project that does not compile is not deployed."""
    change(project, old, new)
    ended = cbx("deploy", "--env", "prod", folder=project)

    assert (ended.status, workspace.requests) == (1, [])
    assert message in ended.err


def test_an_unknown_environment_is_named_with_the_known(workspace: Workspace, project: Path) -> None:
    """It is a matter of project.toml, as for every other command."""
    ended = cbx("deploy", "--env", "pord", folder=project)

    assert (ended.status, workspace.requests) == (1, [])
    assert "the project has no environment `pord`" in ended.err
    assert "did you mean `prod`?" in ended.err


def test_options_of_an_update_want_an_update(project: Path) -> None:
    """Nobody should think that an update was followed that was never started."""
    ended = cbx("deploy", "--env", "prod", "--wait", folder=project)

    assert (ended.status, "add --start" in ended.err) == (2, True)


def test_the_extra_is_named_where_it_is_missing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no SDK is told how to get it."""
    monkeypatch.setitem(sys.modules, "databricks.sdk", None)
    ended = cbx("plan", "--env", "prod", folder=project)

    assert (ended.status, "pip install 'circuit-box[deploy]'" in ended.err) == (2, True)
