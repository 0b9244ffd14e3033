"""Deploy, change, plan, deploy, start, watch: what ends up in the workspace, through the real SDK."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from projects import CLEAN, FIRST, SECOND, SETTINGS, cbx, deploy_files, request, session
from workspace import Workspace
from workspace_api import ANN, ROBOT, Stored

from cbx.deploy.deployment import preview
from cbx.deploy.refresh import record_refreshed, start_refresh
from cbx.deploy.update import start_update, wait_for_update

ROOT = f"/Users/{ANN}/.cbx/shop/prod"


def files(workspace: Workspace, root: str = ROOT) -> dict[str, str]:
    """The kinds of the objects below a deployment's folder of files, folders left out."""
    found = workspace.api.contents().items()
    return {
        path.removeprefix(f"{root}/files/"): kind
        for path, (kind, _) in found
        if path.startswith(f"{root}/files/") and kind != "DIRECTORY"
    }


def pipeline(workspace: Workspace) -> dict[str, object]:
    (only,) = workspace.api.pipelines.values()
    return only


def state(workspace: Workspace, name: str) -> dict[str, object]:
    return json.loads(workspace.api.objects[f"{ROOT}/state/{name}"].content)


def test_a_first_deployment_makes_all_that_the_project_says(workspace: Workspace) -> None:
    """Files, schemas, pipeline, job and permissions; the lock is gone."""
    done = deploy_files(FIRST)
    spec = pipeline(workspace)["spec"]
    (job,) = workspace.api.jobs.values()
    notebooks = [f"/Workspace{ROOT}/files/{path}" for path in files(workspace)]

    assert files(workspace) == {
        "notebooks/bronze/orders": "NOTEBOOK",
        "notebooks/bronze/orders_clean": "NOTEBOOK",
        "notebooks/gold/sales": "NOTEBOOK",
    }
    assert spec == {
        "id": done.pipelines[""].id,
        "name": "shop",
        "catalog": "shop",
        "schema": "bronze",
        "development": False,
        "continuous": False,
        "channel": "CURRENT",
        "serverless": True,
        "configuration": {"spark.sql.ansi.enabled": "true", "shop.landing": "/Volumes/shop/landing"},
        "notifications": [
            {
                "email_recipients": ["data-team@example.com"],
                "alerts": ["on-update-failure", "on-update-fatal-failure", "on-flow-failure"],
            }
        ],
        "libraries": [{"notebook": {"path": path}} for path in notebooks],
    }
    assert pipeline(workspace)["run_as"] == {"service_principal_name": ROBOT}
    assert job["settings"] == {
        "name": "shop update",
        "tasks": [{"task_key": "update", "pipeline_task": {"pipeline_id": done.pipelines[""].id}}],
        "schedule": {"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"},
        "email_notifications": {"on_failure": ["data-team@example.com"]},
        "max_concurrent_runs": 1,
        "run_as": {"service_principal_name": ROBOT},
    }
    assert workspace.api.permissions == {
        f"pipelines/{done.pipelines[''].id}": [
            {"group_name": "analysts", "level": "CAN_VIEW"},
            {"user_name": "bob@example.com", "level": "CAN_RUN"},
            {"user_name": ANN, "level": "IS_OWNER"},
        ],
        f"jobs/{job['job_id']}": [
            {"group_name": "analysts", "level": "CAN_VIEW"},
            {"user_name": "bob@example.com", "level": "CAN_MANAGE_RUN"},
            {"user_name": ANN, "level": "IS_OWNER"},
        ],
    }
    assert workspace.api.schemas == {"shop.bronze", "shop.gold"}
    assert {path for path in workspace.api.objects if path.startswith(f"{ROOT}/state/")} == {
        f"{ROOT}/state/deployment.json",
        f"{ROOT}/state/manifest.json",
    }


def test_a_second_deployment_changes_nothing(workspace: Workspace) -> None:
    """It reads, takes the lock and gives it back, and writes nothing else."""
    deploy_files(FIRST)
    before = {path: stored.changed for path, stored in workspace.api.objects.items()}
    workspace.strike(None)
    done = deploy_files(FIRST)
    writes = [request for request in workspace.requests if not request.startswith("GET")]

    assert not done.is_changed
    assert {path: stored.changed for path, stored in workspace.api.objects.items()} == before
    assert writes == ["POST /api/2.0/workspace/import", "POST /api/2.0/workspace/delete"]


def test_only_what_has_changed_is_uploaded(workspace: Workspace) -> None:
    """One model changes, one comes and one goes; what has not changed is left alone."""
    deploy_files(FIRST)
    untouched = workspace.api.objects[f"{ROOT}/files/notebooks/bronze/orders_clean"].changed
    done = deploy_files(SECOND, allow_destructive=True)

    assert [file.path for file in done.files.upload] == ["notebooks/bronze/orders", "notebooks/gold/totals"]
    assert done.files.remove == ("notebooks/gold/sales",)
    assert workspace.api.objects[f"{ROOT}/files/notebooks/bronze/orders_clean"].changed == untouched
    assert sorted(files(workspace)) == [
        "notebooks/bronze/orders",
        "notebooks/bronze/orders_clean",
        "notebooks/gold/totals",
    ]


def test_files_are_removed_when_the_pipeline_no_longer_names_them(workspace: Workspace) -> None:
    """An update that starts in between finds every notebook that its settings name."""
    deploy_files(FIRST)
    workspace.strike(None)
    deploy_files(SECOND, allow_destructive=True)
    steps = [request for request in workspace.requests if not request.startswith("GET")]
    edit = next(number for number, step in enumerate(steps) if step.startswith("PUT /api/2.0/pipelines/"))
    removals = [number for number, step in enumerate(steps) if step == "POST /api/2.0/workspace/delete"]

    assert all(edit < number for number in removals)
    assert steps[-2:] == ["POST /api/2.0/workspace/import", "POST /api/2.0/workspace/delete"]


def test_files_that_somebody_removed_come_back(workspace: Workspace) -> None:
    """The workspace is looked at, not only what was noted of it."""
    deploy_files(FIRST)
    expected = files(workspace)
    del workspace.api.objects[f"{ROOT}/files/notebooks/bronze/orders"]
    done = deploy_files(FIRST)

    assert (files(workspace), len(done.files.upload)) == (expected, 1)


def test_settings_that_somebody_edited_are_put_back(workspace: Workspace) -> None:
    """All settings are those of project.toml after a deployment."""
    deploy_files(FIRST)
    expected = dict(pipeline(workspace)["spec"])
    pipeline(workspace)["spec"]["serverless"] = False
    pipeline(workspace)["last_modified"] += 1
    outcome = deploy_files(FIRST).pipelines[""].outcome

    assert (pipeline(workspace)["spec"], outcome) == (expected, "updated")


def test_notebooks_and_files_take_each_others_place(workspace: Workspace) -> None:
    """Switching `source_format` leaves no object of the other kind behind, forth and back."""
    plain = {**FIRST, "project.toml": FIRST["project.toml"] + '\n[compile]\nsource_format = "file"\n'}
    deploy_files(FIRST)
    before = files(workspace)
    deploy_files(plain)
    between = files(workspace)
    spec = dict(pipeline(workspace)["spec"])
    deploy_files(FIRST)

    assert between == {
        "transformations/bronze/orders.py": "FILE",
        "transformations/bronze/orders_clean.py": "FILE",
        "transformations/gold/sales.py": "FILE",
    }
    assert spec["root_path"] == f"/Workspace{ROOT}/files/transformations"
    assert spec["libraries"] == [{"glob": {"include": f"/Workspace{ROOT}/files/transformations/**"}}]
    assert files(workspace) == before
    assert "root_path" not in pipeline(workspace)["spec"]


@pytest.mark.parametrize("kind", ["FILE", "DIRECTORY"])
def test_an_object_of_another_kind_makes_way(kind: str, workspace: Workspace) -> None:
    """A notebook cannot be imported over a file or a folder of its path."""
    deploy_files(FIRST)
    expected = files(workspace)
    workspace.api.objects[f"{ROOT}/files/notebooks/bronze/orders"] = Stored(kind)
    deploy_files(FIRST)

    assert files(workspace) == expected


def test_a_file_makes_way_for_a_folder(workspace: Workspace) -> None:
    """What stands where a folder belongs is removed before anything is uploaded into it."""
    folder = f"/Users/{ANN}/.cbx/shop/prod/files"
    workspace.api.make_folders(body={"path": f"{folder}/notebooks"})
    workspace.api.objects[f"{folder}/notebooks/bronze"] = Stored("FILE")
    deploy_files(FIRST)

    assert "notebooks/bronze/orders" in files(workspace)


def test_each_developer_has_a_copy(workspace: Workspace) -> None:
    """Development mode: a name, a folder and a schema of one's own; no schedule, no run-as."""
    deploy_files(FIRST, "dev")
    workspace.api.user = {"userName": ROBOT, "displayName": "Nightly robot"}
    deploy_files(FIRST, "dev")
    specs = [pipeline["spec"] for pipeline in workspace.api.pipelines.values()]

    assert [(spec["name"], spec["schema"], spec["development"]) for spec in specs] == [
        ("[dev ann_smith] shop", "ann_smith", True),
        ("[dev nightly_robot] shop", "nightly_robot", True),
    ]
    assert files(workspace, f"/Users/{ROBOT}/.cbx/shop/dev") == files(workspace, f"/Users/{ANN}/.cbx/shop/dev") != {}
    assert workspace.api.jobs == {}


def test_a_catalog_of_ones_own(workspace: Workspace) -> None:
    """`{user}` stands for whoever deploys."""
    workspace.api.catalogs.add("dev_ann_smith")
    own = {**FIRST, "project.toml": SETTINGS.replace('"shop_dev"', '"dev_{user}"')}
    deploy_files(own, "dev")

    assert pipeline(workspace)["spec"]["catalog"] == "dev_ann_smith"
    assert workspace.api.schemas == {"dev_ann_smith.ann_smith", "dev_ann_smith.bronze", "dev_ann_smith.gold"}


def test_a_folder_for_all(workspace: Workspace) -> None:
    """`root_path` says where files go; the second who deploys finds the pipeline of the first."""
    text = SETTINGS.replace('catalog = "shop"\n', 'catalog = "shop"\nroot_path = "/Workspace/Shared/shop"\n')
    shared = {**FIRST, "project.toml": text}
    deploy_files(shared)
    workspace.api.user = {"userName": ROBOT, "displayName": "Nightly robot"}

    assert not deploy_files(shared).is_changed
    assert len(files(workspace, "/Shared/shop")) == 3


def test_a_folder_that_was_moved_knows_its_pipeline(workspace: Workspace) -> None:
    """The pipeline is found by the id that was kept, and its settings name the new place."""
    first = deploy_files(FIRST)
    moved = {path.replace(ROOT, "/Shared/shop"): stored for path, stored in workspace.api.objects.items()}
    workspace.api.objects = moved
    text = SETTINGS.replace('catalog = "shop"\n', 'catalog = "shop"\nroot_path = "/Workspace/Shared/shop"\n')
    second = deploy_files({**FIRST, "project.toml": text})
    spec = json.dumps(pipeline(workspace)["spec"])

    assert (second.pipelines[""].id, second.pipelines[""].outcome, second.files.upload) == (
        first.pipelines[""].id,
        "updated",
        (),
    )
    assert "/Workspace/Shared/shop/files/notebooks/gold/sales" in spec
    assert ROOT not in spec


def test_a_schedule_that_goes_takes_the_job_along(workspace: Workspace) -> None:
    """A job that nobody declares would go on updating every morning."""
    deploy_files(FIRST)
    deploy_files({**FIRST, "project.toml": SETTINGS.replace('schedule = "0 0 5 * * ?"\n', "")})

    assert workspace.api.jobs == {}


def test_permissions_that_go_are_taken_away(workspace: Workspace) -> None:
    """Who was once granted something by project.toml loses it with the line; the owner stays."""
    deploy_files(FIRST)
    done = deploy_files({**FIRST, "project.toml": re.sub("permissions.*\n", "", SETTINGS)})

    assert workspace.api.permissions[f"pipelines/{done.pipelines[''].id}"] == [{"user_name": ANN, "level": "IS_OWNER"}]


def test_permissions_that_nobody_declares_are_left_alone(workspace: Workspace) -> None:
    """They may be somebody else's business."""
    plain = {**FIRST, "project.toml": re.sub("permissions.*\n", "", SETTINGS)}
    granted = [{"user_name": ANN, "level": "IS_OWNER"}, {"group_name": "all", "level": "CAN_VIEW"}]
    done = deploy_files(plain)
    workspace.api.permissions[f"pipelines/{done.pipelines[''].id}"] = granted
    deploy_files({**plain, "models/bronze/orders_clean.sql": CLEAN + "WHERE order_id > 0\n"})

    assert workspace.api.permissions[f"pipelines/{done.pipelines[''].id}"] == granted


def test_what_has_to_be_refreshed_fully_is_remembered_until_it_is(workspace: Workspace) -> None:
    """A deployment without an update, then one whose update nobody waits for: the next plan looks whether it ended."""
    here = session()
    deploy_files(FIRST)
    deploy_files(SECOND, allow_destructive=True)
    due = preview(here, request(SECOND)).changes.full_refresh
    done = deploy_files(SECOND)
    started = start_refresh(here, done, done.committed, "", stop_running=False)
    under_way = preview(here, request(SECOND)).changes.full_refresh
    update = workspace.api.get_update(done.pipelines[""].id, started.refreshing.update_id)["update"]
    while update["state"] != "COMPLETED":
        update = workspace.api.get_update(done.pipelines[""].id, started.refreshing.update_id)["update"]

    assert due == under_way == ("bronze.orders", "bronze.orders_clean")
    assert (update["full_refresh_selection"], update["refresh_selection"]) == (
        ["bronze.orders", "bronze.orders_clean"],
        ["gold.totals"],
    )
    assert preview(here, request(SECOND)).changes.is_empty


def test_an_update_that_fails_refreshes_nothing(workspace: Workspace) -> None:
    """What it was to refresh fully is still to be done."""
    here = session()
    deploy_files(FIRST)
    done = deploy_files(SECOND, allow_destructive=True)
    workspace.api.updates.failing["bronze.orders"] = "Column `amount` cannot be resolved."
    started = start_refresh(here, done, done.committed, "", stop_running=False)
    result = wait_for_update(here, done.pipelines[""].id, started.refreshing.update_id, lambda *_: None)
    record_refreshed(here, done, started, result)

    assert result.state == "FAILED"
    assert result.errors[0] == "Flow 'bronze.orders' has FAILED fatally. Column `amount` cannot be resolved."
    assert preview(here, request(SECOND)).changes.full_refresh == ("bronze.orders", "bronze.orders_clean")


def test_counts_are_added_up_from_the_event_log(workspace: Workspace) -> None:
    """Over all pages of events, and of this update alone."""
    workspace.api.updates.broken["bronze.orders"] = 1
    here = session()
    done = deploy_files(FIRST)
    results = []
    for _ in range(2):
        update = start_update(here, done.pipelines[""].id, (), (), stop_running=False)
        results.append(wait_for_update(here, done.pipelines[""].id, update, lambda *_: None))

    assert [(rule.name, rule.passed, rule.failed) for rule in results[1].rules] == [
        ("has_amount", 9, 1),
        ("has_id", 9, 1),
    ]
    assert results[0].rules == results[1].rules


def test_a_running_update_can_be_stopped(workspace: Workspace) -> None:
    """The new one begins when the old one has ended."""
    here = session()
    done = deploy_files(FIRST)
    first = start_update(here, done.pipelines[""].id, (), (), stop_running=False)
    second = start_update(here, done.pipelines[""].id, (), (), stop_running=True)
    states = {update["update_id"]: update["state"] for update in workspace.api.updates.latest(done.pipelines[""].id)}

    assert states == {first: "CANCELED", second: "QUEUED"}


@pytest.mark.usefixtures("workspace")
def test_from_a_terminal(project: Path) -> None:
    """Deploy, change, plan, deploy, start and watch, as people do it."""
    first = cbx("deploy", "--env", "prod", folder=project)
    again = cbx("deploy", "--env", "prod", folder=project)
    nothing = cbx("plan", "--env", "prod", folder=project)
    (project / "models/bronze/orders_clean.sql").write_text(CLEAN + "WHERE order_id > 0\n", encoding="utf-8")
    plan = cbx("plan", "--env", "prod", folder=project)
    document = json.loads(cbx("plan", "--env", "prod", "--format", "json", folder=project).out)
    dry = cbx("deploy", "--env", "prod", "--dry-run", folder=project)
    second = cbx("deploy", "--env", "prod", "--start", "--wait", folder=project)

    assert [ended.status for ended in (first, again, nothing, plan, dry, second)] == [0] * 6
    assert "files      3 uploaded, 0 unchanged, 0 removed" in first.err
    assert again.err == "shop in prod is up to date: nothing was changed.\n"
    assert nothing.out == "Nothing has changed since the last deployment.\n"
    assert plan.out.split("\n")[:2] == [
        "~ bronze.orders_clean   streaming table   incremental refresh",
        "    code: the code has changed (existing rows do not change)",
    ]
    assert document["summary"]["changed"] == 1
    assert dry.out == plan.out
    assert "files      1 uploaded, 2 unchanged, 0 removed" in second.err
    assert re.search(r"completed +bronze\.orders +10 rows", second.err)
    assert re.search(r"bronze\.orders +has_id +10 +0", second.err)
    assert second.err.endswith("is complete.\n")


@pytest.mark.usefixtures("workspace")
def test_a_full_refresh_from_a_terminal(project: Path) -> None:
    """What reads files may lose rows, so it is asked twice; who streams from it comes along."""
    cbx("deploy", "--env", "prod", folder=project)
    arguments = ("deploy", "--env", "prod", "--start", "--full-refresh", "bronze.orders")
    refused = cbx(*arguments, folder=project)
    allowed = cbx(*arguments, "--allow-destructive", folder=project)

    assert (refused.status, allowed.status) == (1, 0)
    assert "`bronze.orders`: reads json in ${landing}/orders again from the start" in refused.err
    assert "full refresh of bronze.orders, bronze.orders_clean" in allowed.err


def test_checks_are_summed_up(workspace: Workspace, project: Path) -> None:
    """A pipeline has more checks than tables: those that hold are counted, those that do not are named."""
    model = '{{ materialized_view(key="order_id") }}\nSELECT order_id FROM {{ source("raw.orders") }}\n'
    (project / "models/gold/again.sql").write_text(model, encoding="utf-8")
    (project / "models/gold/twice.sql").write_text(model, encoding="utf-8")
    workspace.api.updates.broken["gold_twice_key"] = 2
    ended = cbx("deploy", "--env", "prod", "--start", "--wait", folder=project)

    assert "checks on the data: 1 passed, 1 failed" in ended.err
    assert "  gold_twice_key   2 of 10 keys are not unique" in ended.err
    assert "gold_again_key" not in ended.err


def test_rows_that_rules_drop_are_refreshed_with_their_table(workspace: Workspace) -> None:
    """The quarantine stands beside the table, and a selection of the API names each table."""
    kept = {
        **FIRST,
        "models/bronze/orders.sql": FIRST["models/bronze/orders.sql"].replace("columns=", "quarantine=True, columns="),
    }
    here = session()
    deploy_files(kept)
    done = deploy_files(kept, full_refresh=("bronze.orders_clean",), allow_destructive=True)
    started = start_refresh(here, done, done.committed, "", stop_running=False)
    update = workspace.api.get_update(done.pipelines[""].id, started.refreshing.update_id)["update"]

    assert update["full_refresh_selection"] == ["bronze.orders_clean"]
    assert update["refresh_selection"] == ["bronze.orders", "bronze.orders_quarantine", "gold.sales"]


def test_a_sink_is_no_table_to_refresh(workspace: Workspace) -> None:
    """A selection of the API names tables only; a sink whose stream is recomputed is told to start again."""
    options = '{"tableName": "shared.orders.orders"}'
    files = {
        **FIRST,
        "models/gold/outbox.sql": f'{{{{ sink(format="delta", options={options}) }}}}\n'
        'SELECT * FROM {{ stream("bronze.orders_clean") }}\n',
    }
    here = session()
    deploy_files(files)
    done = deploy_files(files, full_refresh=("bronze.orders_clean",), allow_destructive=True)
    started = start_refresh(here, done, done.committed, "", stop_running=False)
    update = workspace.api.get_update(done.pipelines[""].id, started.refreshing.update_id)["update"]
    changes = {change.model: change.differences for change in done.changes.models}

    assert (update["full_refresh_selection"], update["refresh_selection"]) == (
        ["bronze.orders_clean"],
        ["bronze.orders", "gold.sales"],
    )
    assert [(difference.aspect, difference.refresh) for difference in changes["gold.outbox"]] == [
        ("upstream", "incremental")
    ]


def test_a_large_manifest_is_kept_compressed(workspace: Workspace) -> None:
    """A workspace takes files up to a size, and thousands of models say more than that."""
    model = f'{{{{ view(description="{"x" * 1_000_000}") }}}}\nSELECT 1 AS x\n'
    files = {**FIRST, **{f"models/gold/long_{number}.sql": model for number in range(8)}}
    deploy_files(files)

    assert workspace.api.objects[f"{ROOT}/state/manifest.json"].content.startswith(b"\x1f\x8b")
    assert not deploy_files(files).is_changed


@pytest.mark.usefixtures("workspace")
def test_the_plan_tells_of_schedules_and_permissions() -> None:
    """They are deployed like all the rest."""
    here = session()
    deploy_files(FIRST)
    changes = preview(here, request(SECOND)).changes.settings

    assert [(change.aspect, change.detail) for change in changes] == [
        ("permissions", "CAN_VIEW analysts, CAN_RUN bob@example.com -> CAN_MANAGE analysts, CAN_RUN bob@example.com"),
        ("schedule", "0 0 5 * * ? UTC -> 0 0 6 * * ? UTC"),
    ]
