"""Owners of tables in Unity Catalog: when they are set, what is recorded, and what a workspace refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import lay_out
from projects import (
    CLEAN,
    FIRST,
    SALES,
    SETTINGS,
    cbx,
    create_tables,
    deploy_files,
    find_unrepaired_faults,
    request,
    session,
)
from workspace import Workspace
from workspace_api import ANN

from cbx.changes.change_plan import Difference
from cbx.deploy.deployment import preview
from cbx.deploy.workspace.problems import DeployError

OWNERS = (
    SETTINGS
    + """
[environments.prod.owners]
sales = "sales-engineers"
"""
)
OWNED = {
    "project.toml": OWNERS,
    "models/bronze/orders.sql": FIRST["models/bronze/orders.sql"],
    "models/bronze/orders_clean.sql": CLEAN.replace("streaming_table(", 'streaming_table(owner="sales", '),
    "models/gold/sales.sql": SALES.replace("key=", 'owner="sales", key='),
}
BOTH = {"shop.bronze.orders_clean": "sales-engineers", "shop.gold.sales": "sales-engineers"}
SET = "`cbx deploy` changes the owner in Unity Catalog"
STAYS = "nothing is changed back: `sales-engineers` stays the owner in Unity Catalog"


def replace_text(old: str, new: str, files: dict[str, str] = OWNED) -> dict[str, str]:
    return {path: text.replace(old, new) for path, text in files.items()}


def owner_requests(workspace: Workspace) -> list[str]:
    return [text for text in workspace.requests if "/tables/" in text]


def differences(files: dict[str, str]) -> list[tuple[Difference, ...]]:
    return [change.differences for change in preview(session(), request(files)).changes.models]


def test_owners_are_set_when_the_tables_exist(workspace: Workspace) -> None:
    """The first deployment comes before the first update; the next one sets the owners, and a third asks nothing."""
    first = deploy_files(OWNED)
    create_tables(workspace)
    second = deploy_files(OWNED)
    before = len(owner_requests(workspace))
    third = deploy_files(OWNED)

    assert (first.waiting_owners, second.waiting_owners, third.waiting_owners) == (2, 0, 0)
    assert (second.is_changed, third.is_changed) == (True, False)
    assert workspace.api.owners == BOTH
    assert len(owner_requests(workspace)) == before == 4


def test_an_update_that_is_waited_for_is_followed_by_owners(workspace: Workspace, project: Path) -> None:
    """One command is enough."""
    lay_out(OWNED, project)
    without = cbx("deploy", "--env", "prod", folder=project)
    with_update = cbx("deploy", "--env", "prod", "--start", "--wait", folder=project)

    assert "  owners     2 tables get their owner from a deployment after the next update" in without.err
    assert with_update.status == 0
    assert workspace.api.owners == BOTH


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(replace_text('sales = "sales-engineers"', "", OWNED), id="no entry of the environment"),
        pytest.param({**OWNED, "project.toml": SETTINGS}, id="no owners"),
        pytest.param(
            {**OWNED, "project.toml": OWNERS.replace("prod.owners", "dev.owners")}, id="owners of another environment"
        ),
    ],
)
def test_without_an_entry_the_owner_is_a_name_for_people(workspace: Workspace, files: dict[str, str]) -> None:
    """Nothing is asked of Unity Catalog."""
    deploy_files(files)
    create_tables(workspace)

    assert deploy_files(files).is_changed is False
    assert owner_requests(workspace) == []


def test_views_and_private_tables_have_no_owner(workspace: Workspace) -> None:
    """They are not in Unity Catalog."""
    files = {
        **replace_text('streaming_table(owner="sales", ', 'streaming_table(owner="sales", private=True, '),
        "models/gold/sales.sql": OWNED["models/gold/sales.sql"].replace("materialized_view", "view"),
    }

    assert deploy_files(files).waiting_owners == 0
    create_tables(workspace)
    deploy_files(files)
    assert owner_requests(workspace) == []


def test_a_removed_owner_stays_and_one_that_comes_back_is_set_again(workspace: Workspace) -> None:
    """The record forgets what is no longer declared."""
    deploy_files(OWNED)
    create_tables(workspace)
    deploy_files(OWNED)
    deploy_files({**OWNED, "project.toml": SETTINGS})
    removed = dict(workspace.api.owners)
    workspace.api.owners["shop.gold.sales"] = ANN
    deploy_files(OWNED)

    assert removed == BOTH == workspace.api.owners


def test_a_table_that_already_has_the_owner_is_not_changed(workspace: Workspace) -> None:
    """Set by hand, or by a request whose response was lost."""
    deploy_files(OWNED)
    create_tables(workspace)
    workspace.api.owners = dict(BOTH)
    workspace.api.forbidden.add("update_table")

    assert deploy_files(OWNED).waiting_owners == 0


def test_a_table_of_another_kind_gets_its_owner_again(workspace: Workspace) -> None:
    """It is another table, which belongs to who the pipeline runs as."""
    deploy_files(OWNED)
    create_tables(workspace)
    deploy_files(OWNED)
    workspace.api.owners.clear()
    clean = OWNED["models/bronze/orders_clean.sql"]
    recomputed = clean.replace("streaming_table", "materialized_view").replace("stream(", "ref(")
    deploy_files({**OWNED, "models/bronze/orders_clean.sql": recomputed}, allow_destructive=True)

    assert workspace.api.owners == {"shop.bronze.orders_clean": "sales-engineers"}


def test_a_plan_shows_an_owner_that_is_added_changed_and_removed(workspace: Workspace) -> None:
    """No table needs a refresh for it."""
    del workspace
    unowned = {**OWNED, "project.toml": SETTINGS}
    deploy_files(unowned)
    added = differences(OWNED)
    deploy_files(OWNED)
    changed = differences(replace_text('"sales-engineers"', '"finance-engineers"'))
    removed = differences(unowned)
    renamed = differences(replace_text('owner="sales", key', 'owner="finance", key'))

    assert added == [(Difference("owner", "none -> sales-engineers", "none", SET),)] * 2
    assert changed == [(Difference("owner", "sales-engineers -> finance-engineers", "none", SET),)] * 2
    assert removed == [(Difference("owner", "sales-engineers -> none", "none", STAYS),)] * 2
    assert renamed == [(Difference("owner", "sales-engineers -> none", "none", STAYS),)]


def test_a_plan_shows_the_entry_of_the_environment(workspace: Workspace) -> None:
    """Among the settings of the pipeline."""
    del workspace
    deploy_files({**OWNED, "project.toml": SETTINGS})
    (setting,) = preview(session(), request(OWNED)).changes.settings

    assert (setting.aspect, setting.detail) == ("owners.sales", "none -> sales-engineers")


def test_an_owner_that_no_model_has_is_reported(workspace: Workspace) -> None:
    """A typing error would otherwise do nothing, silently."""
    del workspace
    with pytest.raises(DeployError) as error:
        deploy_files({**OWNED, "project.toml": OWNERS.replace("sales =", "sale =")})
    (problem,) = error.value.diagnostics

    assert problem.message == "`environments.prod.owners`: no model has the owner `sale`"
    assert problem.hint == "did you mean `sales`?"


@pytest.mark.parametrize("refusal", ["principal", "permission"])
def test_refused_owners_are_reported_together_and_the_deployment_can_be_repeated(
    workspace: Workspace, refusal: str
) -> None:
    """Everything else is deployed, and the plan is empty afterwards."""
    deploy_files(OWNED)
    create_tables(workspace)
    if refusal == "principal":
        workspace.api.principals.clear()
    else:
        workspace.api.forbidden.add("update_table")
    with pytest.raises(DeployError) as error:
        deploy_files(OWNED)
    plan = preview(session(), request(OWNED)).changes
    workspace.api.principals.add("sales-engineers")
    workspace.api.forbidden.clear()
    deploy_files(OWNED)

    assert [problem.code.id for problem in error.value.diagnostics] == ["CBX651", "CBX651"]
    assert plan.is_empty
    assert workspace.api.owners == BOTH


def test_an_owner_that_is_refused_after_an_update_is_reported(workspace: Workspace, project: Path) -> None:
    """The update is complete, and so is the deployment."""
    workspace.api.principals.clear()
    lay_out(OWNED, project)
    ended = cbx("deploy", "--env", "prod", "--start", "--wait", folder=project)

    assert ended.status == 2
    assert "is complete." in ended.err
    assert ended.err.count("error[CBX651]") == 2
    assert "Everything else was deployed." in ended.err


@pytest.mark.slow
def test_whatever_fails_while_owners_are_set_the_next_deployment_sets_them(workspace: Workspace) -> None:
    """Each kind of fault at each request about owners."""
    requests, wrong = find_unrepaired_faults(workspace, OWNED, "/tables/", lambda api: api.owners)

    assert requests == 4
    assert workspace.api.owners == BOTH
    assert wrong == []
