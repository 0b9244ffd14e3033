"""Flows in the graph: between their inputs and their targets, in selectors, pictures and lineage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from literate import lay_out

from cbx.cli.deploy import _select_models
from cbx.cli.local_run.selection import select_datasets
from cbx.cli.selection import SelectionOptions
from cbx.compiler import Compilation, compile_project
from cbx.graph.graph_document import Edge, GraphDocument
from cbx.graph.read_manifest import read_manifest
from cbx.graph.selectors import select
from cbx.render.column_lineage import column_lineage
from cbx.render.labels import kind_in_words

FILES = {
    "project.toml": '[project]\nname = "shop"\n',
    "models/bronze/orders.sql": """{{ streaming_table(
    columns={"id": "BIGINT"}, quarantine=True, expectations=[expect_or_drop("known", "id > 0")],
) }}
SELECT id FROM {{ stream_source("shop.orders") }}""",
    "models/bronze/orders_web.sql": """{{ flow(into="bronze.orders") }}
SELECT CAST(number AS BIGINT) AS id FROM {{ stream_source("web.orders") }}""",
    "models/silver/orders.sql": """{{ auto_cdc(key="id", sequence_by="id") }}
SELECT id FROM {{ stream("bronze.orders") }}""",
    "models/silver/corrections.sql": """{{ flow(into="silver.orders", once=True) }}
SELECT 1L AS id""",
}


@pytest.fixture
def shop(tmp_path: Path) -> Compilation:
    lay_out(FILES, tmp_path)
    compilation = compile_project(tmp_path, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    return compilation


@pytest.fixture
def document(shop: Compilation) -> GraphDocument:
    text = next(artifact.text for artifact in shop.artifacts if artifact.path == "manifest.json")
    return read_manifest(json.loads(text))


def test_a_flow_is_between_what_it_reads_and_its_target(document: GraphDocument) -> None:
    """A backfill is read in batch."""
    assert {
        Edge("source:web.orders", "bronze.orders_web", "stream"),
        Edge("bronze.orders_web", "bronze.orders", "stream"),
        Edge("silver.corrections", "silver.orders", "batch"),
    } <= set(document.edges)
    assert kind_in_words(document.by_id["bronze.orders_web"]) == "flow"


def test_columns_of_a_target_come_from_its_flows(document: GraphDocument) -> None:
    """Where its own query has known origins."""
    edges = set(column_lineage(document).edges)

    assert (("silver.corrections", "id"), ("silver.orders", "id")) in edges
    assert (("bronze.orders", "id"), ("silver.orders", "id")) in edges


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("kind:flow", {"bronze.orders_web", "silver.corrections"}),
        ("orders_web+1", {"bronze.orders_web", "bronze.orders"}),
        ("1+bronze.orders", {"source:shop.orders", "bronze.orders", "bronze.orders_web"}),
        ("config.materialized:flow", {"bronze.orders_web", "silver.corrections"}),
    ],
)
def test_selectors_follow_a_flow(document: GraphDocument, selector: str, expected: set[str]) -> None:
    assert set(select(document, [selector], [])) == expected


def test_a_run_of_a_flow_refreshes_its_target(shop: Compilation) -> None:
    """With the quarantine table, and with the view of the changes."""
    of_rows = select_datasets(shop, SelectionOptions.of(["orders_web"], None))
    of_changes = select_datasets(shop, SelectionOptions.of(["corrections"], None))

    assert of_rows == {"bronze.orders", "bronze.orders_quarantine"}
    assert of_changes == {"silver.orders", "silver_corrections_changes"}


def test_a_full_refresh_of_a_flow_is_one_of_its_target(shop: Compilation) -> None:
    assert _select_models(shop, ["kind:flow", "bronze.orders"]) == ("bronze.orders", "silver.orders")
