"""Tags of tables and columns in Unity Catalog: when they are set, and which are left alone."""

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

from cbx.deploy.deployment import preview
from cbx.deploy.workspace.problems import DeployError

COLUMN, BOTH = 'column("BIGINT", tags={"id": "order"})', '{"domain": "sales", "ok": ""}'
TAGGED = {
    "project.toml": SETTINGS,
    "models/bronze/orders.sql": FIRST["models/bronze/orders.sql"],
    "models/bronze/orders_clean.sql": CLEAN.replace('"order_id": "BIGINT"', f'"order_id": {COLUMN}'),
    "models/gold/sales.sql": SALES.replace('key="order_id"', f'key="order_id", table_tags={BOTH}'),
}
SALES_TAGS, ID_TAGS = "tables shop.gold.sales", "columns shop.bronze.orders_clean.order_id"


def replace_text(old: str, new: str) -> dict[str, str]:
    return {path: text.replace(old, new) for path, text in TAGGED.items()}


def test_tags_are_set_when_the_tables_exist(workspace: Workspace) -> None:
    """The first deployment comes before the first update; the next one sets the tags, and a third changes nothing."""
    first = deploy_files(TAGGED)
    create_tables(workspace)
    second, third = deploy_files(TAGGED), deploy_files(TAGGED)

    assert (first.waiting_tags, second.waiting_tags) == (2, 0)
    assert (second.is_changed, third.is_changed) == (True, False)
    assert workspace.api.tags == {SALES_TAGS: {"domain": "sales", "ok": ""}, ID_TAGS: {"id": "order"}}


def test_an_update_that_is_waited_for_is_followed_by_tags(workspace: Workspace, project: Path) -> None:
    """One command is enough."""
    lay_out(TAGGED, project)
    without = cbx("deploy", "--env", "prod", folder=project)
    with_update = cbx("deploy", "--env", "prod", "--start", "--wait", folder=project)

    assert "  tags       2 tables and columns get their tags from a deployment after the next update" in without.err
    assert with_update.status == 0
    assert workspace.api.tags == {SALES_TAGS: {"domain": "sales", "ok": ""}, ID_TAGS: {"id": "order"}}


def test_only_our_own_tags_are_removed(workspace: Workspace) -> None:
    """What others set on the same table stays."""
    deploy_files(TAGGED)
    create_tables(workspace)
    deploy_files(TAGGED)
    workspace.api.tags[SALES_TAGS]["steward"] = "bob"
    deploy_files(replace_text(BOTH, '{"domain": "finance"}'))
    changed = dict(workspace.api.tags[SALES_TAGS])
    deploy_files(FIRST)

    assert changed == {"domain": "finance", "steward": "bob"}
    assert workspace.api.tags == {SALES_TAGS: {"steward": "bob"}, ID_TAGS: {}}


def test_a_tag_that_exists_gets_our_value(workspace: Workspace) -> None:
    """Set by hand, or by a request whose response was lost."""
    deploy_files(TAGGED)
    create_tables(workspace)
    workspace.api.tags[SALES_TAGS] = {"domain": "unknown"}
    deploy_files(TAGGED)

    assert workspace.api.tags[SALES_TAGS] == {"domain": "sales", "ok": ""}


def test_a_table_of_another_kind_gets_its_tags_again(workspace: Workspace) -> None:
    """It is another table, without tags."""
    deploy_files(TAGGED)
    create_tables(workspace)
    deploy_files(TAGGED)
    workspace.api.tags.clear()
    clean = TAGGED["models/bronze/orders_clean.sql"]
    recomputed = clean.replace("streaming_table", "materialized_view").replace("stream(", "ref(")
    deploy_files({**TAGGED, "models/bronze/orders_clean.sql": recomputed}, allow_destructive=True)

    assert workspace.api.tags == {ID_TAGS: {"id": "order"}}


def test_a_plan_shows_each_tag(workspace: Workspace) -> None:
    """No table needs a refresh for it."""
    del workspace
    deploy_files(TAGGED)
    (model,) = preview(session(), request(replace_text(BOTH, '{"domain": "finance"}'))).changes.models

    assert model.refresh == "none"
    assert [(difference.aspect, difference.detail) for difference in model.differences] == [
        ("table_tags", "`domain`: sales -> finance"),
        ("table_tags", '`ok`: "" -> none'),
    ]


def test_a_missing_permission_is_reported_and_the_next_deployment_continues(workspace: Workspace) -> None:
    """Everything else is deployed."""
    deploy_files(TAGGED)
    create_tables(workspace)
    workspace.api.forbidden.add("create_tag")
    with pytest.raises(DeployError, match="not allowed while setting the tag"):
        deploy_files(TAGGED)
    workspace.api.forbidden.clear()
    deploy_files(TAGGED)

    assert workspace.api.tags[SALES_TAGS] == {"domain": "sales", "ok": ""}


@pytest.mark.slow
def test_whatever_fails_while_tags_are_set_the_next_deployment_sets_them(workspace: Workspace) -> None:
    """Each kind of fault at each request about tags."""
    requests, wrong = find_unrepaired_faults(workspace, TAGGED, "entity-tag", lambda api: api.tags)

    assert requests == 3
    assert wrong == []
