"""Settings of pipelines in the workspace: what is sent, what a plan shows, and what the next deployment changes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from faults import Fault
from projects import FIRST, SETTINGS, TWO, cbx, deploy_files, request, session
from workspace import Workspace

from cbx.deploy.deployment import preview

CLASSIC = """
[environments.prod.pipeline]
serverless = false
tags = { team = "data" }
libraries = [{ jar = "/Volumes/shop/geo.jar" }]
clusters = [{ num_workers = 2, spark_env_vars = { REGION = "{{ env_var('REGION') }}" } }]
configuration = { shuffle.partitions = 8, "api.token" = "{{ secret('shop', 'token') }}" }
"""
SET_UP = {**FIRST, "project.toml": SETTINGS + CLASSIC}
BIGGER = {
    **FIRST,
    "project.toml": SETTINGS
    + CLASSIC.replace("num_workers = 2", "num_workers = 4").replace('{ team = "data" }', '{ cost = "12" }')
    + "photon = true\n",
}


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGION", "eu")


def spec_of(workspace: Workspace, name: str = "shop") -> dict[str, Any]:
    (spec,) = (each["spec"] for each in workspace.api.pipelines.values() if each["name"] == name)
    return spec


def differences(files: dict[str, str]) -> dict[str, str]:
    return {each.aspect: each.detail for each in preview(session(), request(files)).changes.settings}


def test_a_pipeline_gets_the_settings_and_keeps_its_notebooks(workspace: Workspace) -> None:
    deploy_files(SET_UP)
    spec = spec_of(workspace)

    assert spec["clusters"] == [{"label": "default", "num_workers": 2, "spark_env_vars": {"REGION": "eu"}}]
    assert spec["configuration"].items() >= {"shuffle.partitions": "8", "api.token": "{{secrets/shop/token}}"}.items()
    assert [next(iter(library)) for library in spec["libraries"]] == ["notebook"] * 3 + ["jar"]


def test_a_second_deployment_changes_nothing(workspace: Workspace) -> None:
    deploy_files(SET_UP)
    second = deploy_files(SET_UP)

    assert len(workspace.api.pipelines) == 1
    assert (second.is_changed, second.changes.is_empty) == (False, True)


def test_a_plan_shows_each_changed_setting(workspace: Workspace) -> None:
    del workspace
    deploy_files(SET_UP)

    assert differences(BIGGER) == {
        "clusters.default.num_workers": "2 -> 4",
        "photon": "none -> true",
        "tags.cost": "none -> 12",
        "tags.team": "data -> none",
    }
    assert differences(FIRST) == {
        "clusters.default.num_workers": "2 -> none",
        "clusters.default.spark_env_vars": '{"REGION": "eu"} -> none',
        "configuration.api.token": "{{secrets/shop/token}} -> none",
        "configuration.shuffle.partitions": "8 -> none",
        "edition": "ADVANCED -> none",
        "libraries": '[{"jar": "/Volumes/shop/geo.jar"}] -> none',
        "serverless": "false -> true",
        "tags.team": "data -> none",
    }


def test_a_changed_environment_variable_is_a_changed_setting(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_files(SET_UP)
    monkeypatch.setenv("REGION", "us")
    changed = differences(SET_UP)
    deploy_files(SET_UP)

    assert changed == {"clusters.default.spark_env_vars": '{"REGION": "eu"} -> {"REGION": "us"}'}
    assert spec_of(workspace)["clusters"][0]["spark_env_vars"] == {"REGION": "us"}


def test_settings_that_are_removed_are_removed_in_the_workspace(workspace: Workspace) -> None:
    deploy_files(SET_UP)
    deploy_files(FIRST)

    assert not {"clusters", "tags", "edition"} & spec_of(workspace).keys()


def test_a_plan_shows_the_settings_of_one_pipeline(workspace: Workspace) -> None:
    """And those that all share only once."""
    own = '[environments.prod.pipelines.serve]\nphoton = true\nlibraries = [{ jar = "/Volumes/a.jar" }]\n'
    shared = "[environments.prod.pipeline]\nconfiguration = { a = 1 }\n"
    deploy_files(TWO)
    changed = differences({**TWO, "project.toml": TWO["project.toml"] + shared + own})
    deploy_files({**TWO, "project.toml": TWO["project.toml"] + shared + own})

    assert changed == {
        "configuration.a": "none -> 1",
        "pipelines.serve.photon": "none -> true",
        "pipelines.serve.libraries": 'none -> [{"jar": "/Volumes/a.jar"}]',
    }
    assert "photon" not in spec_of(workspace, "shop_ingest")
    assert spec_of(workspace, "shop_serve")["photon"] is True


def test_a_lost_response_is_recognised_although_the_workspace_adds_settings(workspace: Workspace) -> None:
    """Somebody else's edit would be an error; our own request, whose response was lost, is not."""
    deploy_files(FIRST)
    begin = copy.deepcopy(workspace.api)
    workspace.strike(None)
    deploy_files(SET_UP)
    at = next(number for number, text in enumerate(workspace.requests, start=1) if text.startswith("PUT"))
    workspace.api = begin
    workspace.strike(Fault("drop afterwards", at))
    done = deploy_files(SET_UP)

    assert done.pipelines[""].outcome == "updated"
    assert spec_of(workspace)["clusters"][0]["label"] == "default"


def test_a_missing_variable_ends_a_plan(workspace: Workspace, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place of the setting, and without a deployment."""
    monkeypatch.delenv("REGION")
    (project / "project.toml").write_text(SETTINGS + CLASSIC, encoding="utf-8")
    ended = cbx("plan", "--env", "prod", folder=project)

    assert ended.status == 2
    assert "clusters = [{ num_workers = 2" in ended.err
    assert workspace.api.pipelines == {}
