"""A project with several pipelines: what is deployed, in which order they are updated, and what a move says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from literate import lay_out
from projects import CLEAN, DIVIDED, FIRST, ORDERS, SALES, TWO, cbx, compile_files, deploy_files, request, session
from workspace import Workspace
from workspace_api import ANN

from cbx.deploy.deployment import preview
from cbx.deploy.refresh import start_refresh, update_pipelines
from cbx.deploy.state.record import PipelineRecord, read_record
from cbx.deploy.workspace.folder import Folder


def names_and_notebooks(workspace: Workspace) -> dict[str, list[str]]:
    return {
        pipeline["spec"]["name"]: [
            library["notebook"]["path"].partition("/files/")[2] for library in pipeline["spec"]["libraries"]
        ]
        for pipeline in workspace.api.pipelines.values()
    }


def count_updates(workspace: Workspace) -> dict[str, int]:
    return {
        pipeline["name"]: len(workspace.api.updates.latest(identity))
        for identity, pipeline in workspace.api.pipelines.items()
    }


def test_each_pipeline_has_its_models_and_the_job_updates_them_in_order(workspace: Workspace) -> None:
    done = deploy_files(TWO)
    (job,) = workspace.api.jobs.values()
    ingest, serve = (done.pipelines[name].id for name in ("ingest", "serve"))

    assert list(done.pipelines) == ["ingest", "serve"]
    assert names_and_notebooks(workspace) == {
        "shop_ingest": ["notebooks/bronze/orders", "notebooks/bronze/orders_clean"],
        "shop_serve": ["notebooks/gold/sales"],
    }
    assert job["settings"]["tasks"] == [
        {"task_key": "ingest", "pipeline_task": {"pipeline_id": ingest}},
        {"task_key": "serve", "depends_on": [{"task_key": "ingest"}], "pipeline_task": {"pipeline_id": serve}},
    ]
    assert {path for path in workspace.api.permissions if path.startswith("pipelines/")} == {
        f"pipelines/{ingest}",
        f"pipelines/{serve}",
    }


def test_a_second_deployment_changes_nothing(workspace: Workspace) -> None:
    first = deploy_files(TWO)
    second = deploy_files(TWO)

    assert (second.is_changed, second.changes.is_empty) == (False, True)
    assert {name: pipeline.id for name, pipeline in first.pipelines.items()} == {
        name: pipeline.id for name, pipeline in second.pipelines.items()
    }
    assert len(workspace.api.pipelines) == 2


def test_a_check_is_in_the_pipeline_that_is_updated_last() -> None:
    """The check of a relationship reads both tables, so both have to be there."""
    files = {
        "project.toml": DIVIDED,
        "models/bronze/orders.sql": ORDERS,
        "models/gold/sales.sql": SALES.replace(
            'key="order_id"', 'relationships=[one_to_many("bronze.notes", on="order_id")], key="order_id"'
        ),
        "models/bronze/notes.sql": CLEAN,
    }
    plan = compile_files(tuple(files.items())).plan
    assert plan is not None

    assert {pipeline.name: pipeline.artifacts for pipeline in plan.pipelines} == {
        "ingest": ("notebooks/bronze/notes.py", "notebooks/bronze/orders.py"),
        "serve": (
            "notebooks/gold/sales.py",
            "notebooks/checks/bronze_notes_order_id_in_gold_sales.py",
        ),
    }


@pytest.mark.usefixtures("workspace")
def test_a_model_that_moves_to_another_pipeline_is_no_lost_table() -> None:
    """The plan has the statement that moves its table; nothing is destructive."""
    deploy_files(TWO)
    moved = {
        **TWO,
        "project.toml": DIVIDED.replace('"layer:gold"', '["layer:gold", "bronze.orders_clean"]').replace(
            'select = "layer:bronze"', 'select = "layer:bronze"\nexclude = "bronze.orders_clean"'
        ),
    }
    changes = preview(session(), request(moved)).changes
    (change,) = changes.models
    (difference,) = change.differences

    assert not changes.is_destructive
    assert (change.model, difference.aspect, difference.refresh) == ("bronze.orders_clean", "pipeline", "incremental")
    assert difference.detail == "moves from the pipeline `ingest` to the pipeline `serve`"
    assert "ALTER STREAMING TABLE bronze.orders_clean SET TBLPROPERTIES" in str(difference.reason)


def test_dividing_a_deployed_project_moves_its_tables_and_keeps_the_old_pipeline(workspace: Workspace) -> None:
    deploy_files(FIRST)
    seen = preview(session(), request(TWO)).changes
    done = deploy_files(TWO)
    again = preview(session(), request(TWO)).changes

    assert {change.model for change in seen.models} == {"bronze.orders", "bronze.orders_clean", "gold.sales"}
    assert [difference.detail for difference in seen.project] == [
        "`ingest` added",
        "`serve` added",
        "the pipeline of the whole project removed",
    ]
    assert not seen.is_destructive
    assert again.is_empty
    assert set(names_and_notebooks(workspace)) == {"shop", "shop_ingest", "shop_serve"}
    assert set(read_record(Folder(session(), done.target.state)).pipelines) == {"", "ingest", "serve"}


def test_a_record_of_an_earlier_version_is_read(workspace: Workspace) -> None:
    """It has the only pipeline in fields of its own."""
    done = deploy_files(FIRST)
    place = f"/Users/{ANN}/.cbx/shop/prod/state/deployment.json"
    record = json.loads(workspace.api.objects[place].content)
    only = record.pop("pipelines")[""]
    old = {
        **record,
        "version": 1,
        "pipeline_id": only["id"],
        "pipeline": only["settings"],
        "last_modified": only["last_modified"],
    }
    Folder(session(), done.target.state).write("deployment.json", json.dumps(old).encode())

    assert read_record(Folder(session(), done.target.state)).pipelines == {"": PipelineRecord(**only)}
    assert deploy_files(FIRST).pipelines[""].outcome == "unchanged"


def test_an_update_refreshes_the_tables_of_its_pipeline_only(workspace: Workspace) -> None:
    deploy_files(TWO)
    done = deploy_files(
        {**TWO, "models/bronze/orders.sql": ORDERS.replace("DECIMAL(12, 2)", "DECIMAL(10, 2)")}, allow_destructive=True
    )
    here = session()
    started = start_refresh(here, done, done.committed, "ingest", stop_running=False)
    update = workspace.api.get_update(done.pipelines["ingest"].id, started.refreshing.update_id)["update"]

    assert (update["full_refresh_selection"], update["refresh_selection"]) == (
        ["bronze.orders", "bronze.orders_clean"],
        [],
    )
    assert started.committed.refreshing == (started.refreshing,)


def test_updates_follow_each_other(workspace: Workspace) -> None:
    """The next one starts when the one before has ended, and its models are no longer due."""
    done = deploy_files(TWO)
    order: list[str] = []
    started: list[str] = []
    for result in update_pipelines(
        session(),
        done,
        lambda update: started.append(update.refreshing.pipeline),
        lambda state, _: order.append(state),
        stop_running=False,
    ):
        assert result.state == "COMPLETED"
        order.append(started[-1])

    assert [word for word in order if word in {"ingest", "serve", "COMPLETED"}] == [
        "COMPLETED",
        "ingest",
        "COMPLETED",
        "serve",
    ]
    assert count_updates(workspace) == {"shop_ingest": 1, "shop_serve": 1}


@pytest.mark.usefixtures("fast_clock")
def test_no_pipeline_is_updated_after_one_that_failed(workspace: Workspace, tmp_path: Path) -> None:
    lay_out(TWO, tmp_path)
    workspace.api.updates.failing["bronze.orders"] = "Column `amount` cannot be resolved."
    ended = cbx("deploy", "--env", "prod", "--start", "--wait", folder=tmp_path)

    assert ended.status == 1
    assert count_updates(workspace) == {"shop_ingest": 1, "shop_serve": 0}


def test_starting_several_pipelines_needs_to_wait(workspace: Workspace, tmp_path: Path) -> None:
    lay_out(TWO, tmp_path)
    ended = cbx("deploy", "--env", "prod", "--start", folder=tmp_path)

    assert ended.status == 2
    assert "add --wait" in ended.err
    assert not workspace.api.pipelines


@pytest.mark.parametrize("source_format", ["notebook", "file"])
def test_the_bundle_has_all_pipelines_and_their_order(source_format: str) -> None:
    files = {**TWO, "project.toml": f'{DIVIDED}\n[compile]\nsource_format = "{source_format}"\n'}
    compilation = compile_files(tuple(files.items()))
    text = {artifact.path: artifact.text for artifact in compilation.artifacts}["databricks.yml"]
    bundle = yaml.safe_load(text)
    kind = {"notebook": ("notebook", "path", "notebooks"), "file": ("glob", "include", "transformations")}
    word, field, folder = kind[source_format]

    assert {
        key: [library[word][field] for library in pipeline["libraries"]]
        for key, pipeline in bundle["resources"]["pipelines"].items()
    } == {
        "shop_ingest": [f"./{folder}/bronze/orders.py", f"./{folder}/bronze/orders_clean.py"],
        "shop_serve": [f"./{folder}/gold/sales.py"],
    }
    assert bundle["resources"]["jobs"]["shop_update"]["tasks"][1] == {
        "task_key": "serve",
        "depends_on": [{"task_key": "ingest"}],
        "pipeline_task": {"pipeline_id": "${resources.pipelines.shop_serve.id}"},
    }
    assert "*id" not in text  # every pipeline is written out
    assert list(bundle["targets"]["prod"]["resources"]["pipelines"]) == ["shop_ingest", "shop_serve"]


def test_a_pipeline_waits_for_the_tables_of_its_checks(workspace: Workspace) -> None:
    """Neither pipeline reads the other, and the plan says that one of them waits now."""
    apart = {
        "project.toml": DIVIDED,
        "models/bronze/orders.sql": ORDERS,
        "models/gold/sales.sql": '{{ materialized_view(key="order_id") }}\n'
        'SELECT order_id FROM {{ source("raw.sales") }} GROUP BY order_id\n',
    }
    related = {
        **apart,
        "models/bronze/orders.sql": ORDERS.replace(
            "streaming_table(", 'streaming_table(relationships=[many_to_one("gold.sales", on="order_id")],'
        ),
    }
    deploy_files(apart)
    plan = preview(session(), request(related)).changes
    done = deploy_files(related)
    (job,) = workspace.api.jobs.values()

    assert list(done.pipelines) == ["ingest", "serve"]
    assert [task.get("depends_on") for task in job["settings"]["tasks"]] == [None, [{"task_key": "ingest"}]]
    assert [difference.detail for difference in plan.project] == ['`serve` is updated after ["ingest"]']
