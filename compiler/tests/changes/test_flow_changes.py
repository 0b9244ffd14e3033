"""What a change of a flow, or of a query that could be one, asks of the tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from literate import lay_out

from cbx.changes.change_plan import ChangePlan, Deployed
from cbx.changes.compare import compare_manifests
from cbx.changes.plan_text import as_lines
from cbx.compiler import compile_project

ORDERS = "models/bronze/orders.sql"
WEB = "models/bronze/orders_web.sql"
FILES = {
    "project.toml": '[project]\nname = "shop"\n',
    "models/raw/eu.sql": '{{ streaming_table(columns={"id": "BIGINT"}) }}\nSELECT id FROM {{ stream_source("eu.x") }}',
    "models/raw/us.sql": '{{ streaming_table(columns={"id": "BIGINT"}) }}\nSELECT id FROM {{ stream_source("us.x") }}',
    "models/raw/old.sql": '{{ materialized_view(columns={"id": "BIGINT"}) }}\nSELECT id FROM {{ source("old.x") }}',
    ORDERS: '{{ streaming_table() }}\nSELECT id FROM {{ stream("raw.eu") }}',
    "models/silver/orders.sql": '{{ streaming_table() }}\nSELECT id FROM {{ stream("bronze.orders") }}',
}
PROJECT = '[project]\nname = "shop"\nlayers = ["raw", "bronze", "silver"]\n'
UNION = FILES[ORDERS] + '\nUNION ALL SELECT id FROM {{ stream("raw.us") }}'
JOIN = (
    '{{ streaming_table() }}\nSELECT e.id FROM {{ stream("raw.eu") }} AS e JOIN {{ stream("raw.us") }} AS u USING (id)'
)
FLOW = '{{ flow(into="bronze.orders") }}\nSELECT id FROM {{ stream("raw.us") }}'
ONCE = '{{ flow(into="bronze.orders", once=True) }}\nSELECT id FROM {{ ref("raw.old") }}'
WITH_FLOW = {WEB: FLOW}
RAW = {path: text for path, text in FILES.items() if path.startswith("models/raw/")}
READER = '{{ streaming_table(key="id") }}\nSELECT id FROM {{ stream("%s") }}'
AGAIN = "what `bronze.orders_web` has written stays until a full refresh, and is added again"
STAYS = "what it has written stays in `bronze.orders` until a full refresh"


def compile_shop(folder: Path, changed: dict[str, str], others: dict[str, str]) -> Deployed:
    lay_out({**others, "project.toml": PROJECT, **changed}, folder)
    compilation = compile_project(folder, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    text = next(artifact.text for artifact in compilation.artifacts if artifact.path == "manifest.json")
    return Deployed(json.loads(text), {})


def plan_of(folder: Path, before: dict[str, str], after: dict[str, str], others: dict[str, str] = FILES) -> ChangePlan:
    deployed, compiled = (
        compile_shop(folder / name, changed, others) for name, changed in (("before", before), ("after", after))
    )
    return compare_manifests(deployed, compiled)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, WITH_FLOW, ["+ bronze.orders_web   flow   new", "1 added."]),
        (
            WITH_FLOW,
            {},
            [
                "- bronze.orders_web   flow   removed",
                "    model: removed (what it has written stays in `bronze.orders` until a full refresh)",
                "1 removed.",
            ],
        ),
        (
            WITH_FLOW,
            {WEB.replace("web", "shop"): FLOW},
            [
                "+ bronze.orders_shop   flow   new",
                f"    model: new flow ({AGAIN})",
                "- bronze.orders_web    flow   removed",
                f"    model: removed ({STAYS})",
                "1 added, 1 removed.",
            ],
        ),
        (
            {WEB: ONCE},
            {WEB: ONCE.replace("SELECT id", "SELECT id + 1 AS id")},
            [
                "~ bronze.orders_web   flow   incremental refresh",
                "    code: the code has changed (it has run: only a full refresh of its target runs it again)",
                "1 changed.",
            ],
        ),
        (
            WITH_FLOW,
            {WEB: FLOW.replace("bronze.orders", "silver.orders").replace("raw.us", "raw.us")},
            [
                "~ bronze.orders_web   flow   incremental refresh",
                f"    into: `bronze.orders` -> `silver.orders` ({STAYS})",
                "1 changed.",
            ],
        ),
    ],
    ids=["added", "removed", "renamed", "a backfill has other code", "another target"],
)
def test_a_change_of_a_flow(tmp_path: Path, before: dict[str, str], after: dict[str, str], expected: list[str]) -> None:
    """The target keeps its rows, and nothing is asked of it."""
    assert list(as_lines(plan_of(tmp_path, before, after))) == expected


@pytest.mark.parametrize(
    "after",
    [FLOW.replace("raw.us", "raw.eu"), ONCE],
    ids=["another stream", "a backfill"],
)
def test_a_flow_that_starts_over_takes_its_target_along(tmp_path: Path, after: str) -> None:
    """And what streams from it; what the flow has written would be there twice."""
    plan = plan_of(tmp_path, WITH_FLOW, {WEB: after})

    assert plan.full_refresh == ("bronze.orders", "silver.orders")


def test_a_flow_from_a_table_that_starts_over_takes_its_target_along(tmp_path: Path) -> None:
    """As a stream of the target's own query does."""
    other = FILES["models/raw/us.sql"].replace("us.x", "us.y")
    plan = plan_of(tmp_path, WITH_FLOW, {**WITH_FLOW, "models/raw/us.sql": other})

    assert plan.full_refresh == ("bronze.orders", "raw.us", "silver.orders")


@pytest.mark.parametrize(("query", "is_advised"), [(UNION, True), (JOIN, False)], ids=["UNION ALL", "a join"])
def test_a_query_with_one_more_stream(tmp_path: Path, query: str, *, is_advised: bool) -> None:
    """Branches of a UNION ALL could be flows, and the sides of a join could not."""
    plan = plan_of(tmp_path, {}, {ORDERS: query})
    reasons = [difference.reason or "" for change in plan.models for difference in change.differences]

    assert plan.full_refresh == ("bronze.orders", "silver.orders")
    assert any("write a flow into it instead" in reason for reason in reasons) == is_advised


def test_a_full_refresh_loses_the_rows_of_a_flow_that_is_removed(tmp_path: Path) -> None:
    other = {ORDERS: FILES[ORDERS].replace("SELECT id", "SELECT CAST(id AS STRING) AS id")}
    plan = plan_of(tmp_path, WITH_FLOW, other)

    assert ("bronze.orders", "`bronze.orders_web` no longer writes into it") in losses(plan)


def test_a_full_refresh_runs_a_renamed_flow_again(tmp_path: Path) -> None:
    other = {ORDERS: FILES[ORDERS].replace("SELECT id", "SELECT CAST(id AS STRING) AS id")}
    flow = FLOW.replace("SELECT id", "SELECT CAST(id AS STRING) AS id")
    before = {
        **other,
        ORDERS: other[ORDERS].replace("{{ streaming_table() }}", "{{ streaming_table(partition_cols='id') }}"),
    }
    plan = plan_of(tmp_path, {**before, WEB: flow}, {**other, WEB.replace("web", "shop"): flow})

    assert not losses(plan)
    assert plan.full_refresh == ("bronze.orders", "silver.orders")


def test_a_full_refresh_runs_a_backfill_of_a_table_outside_again(tmp_path: Path) -> None:
    other = {ORDERS: FILES[ORDERS].replace("streaming_table()", 'streaming_table(partition_cols="id")')}
    backfill = {WEB: ONCE.replace('ref("raw.old")', 'source("archive.orders")')}
    plan = plan_of(tmp_path, backfill, {**backfill, **other})

    assert losses(plan) == [("bronze.orders", "reads archive.orders again from the start")]


def test_a_full_refresh_reads_the_inputs_of_views_again(tmp_path: Path) -> None:
    view = {"models/raw/all.sql": '{{ view() }}\nSELECT id FROM {{ stream_source("shop.x") }}'}
    query = '{{ streaming_table() }}\nSELECT id FROM {{ stream("raw.all") }}'
    other = query.replace("streaming_table()", 'streaming_table(partition_cols="id")')
    plan = plan_of(tmp_path, {**view, ORDERS: query}, {**view, ORDERS: other})

    assert losses(plan) == [("bronze.orders", "reads shop.x again from the start")]


def losses(plan: ChangePlan) -> list[tuple[str, str]]:
    return [(name, difference.detail) for name, difference in plan.destructive]


def test_a_model_with_another_id_and_the_same_table_stays(tmp_path: Path) -> None:
    """With one schema for all layers, a model that moves to another layer keeps its table, and its readers go on."""
    naming = {"project.toml": f'{PROJECT}\n[naming]\nschema = "main"\n'}
    there = {**naming, WEB: FLOW, ORDERS: FILES[ORDERS], "models/silver/orders_by_id.sql": READER % "bronze.orders"}
    here = {
        **naming,
        WEB.replace("bronze", "silver"): FLOW.replace("bronze", "silver"),
        ORDERS.replace("bronze", "silver"): FILES[ORDERS],
        "models/silver/orders_by_id.sql": READER % "silver.orders",
    }
    plan = plan_of(tmp_path, there | RAW, here | RAW, {})

    assert {change.action for change in plan.models} == {"change"}
    assert (plan.full_refresh, losses(plan)) == ((), [])
    assert "    model: renamed from `bronze.orders` (its dataset has the same name, so its rows stay)" in list(
        as_lines(plan)
    )
    other = {**here, ORDERS.replace("bronze", "silver"): FILES[ORDERS].replace("raw.eu", "raw.us")}
    later = plan_of(tmp_path / "later", there | RAW, other | RAW, {})
    assert later.full_refresh == ("silver.orders", "silver.orders_by_id")
