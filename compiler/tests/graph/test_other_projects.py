"""A table of another project that is a parent is drawn in every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compiler.tests.graph.looking import showing, texts
from compiler.tests.graph.pages import cbx_graph

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CUSTOMERS = {
    "kind": "materialized_view",
    "dataset": "silver.customers",
    "key": ["customer_id"],
    "key_verdict": "proven",
    "columns": [{"name": "customer_id", "type": "BIGINT"}],
}
FILES = {
    "project.toml": '[project]\nname = "shop"\n\n[dependencies.crm]\nmanifest = "crm.json"\ncatalog = "crm_prod"\n',
    "crm.json": json.dumps({"schema_version": 1, "models": {"silver.customers": CUSTOMERS}}),
    "models/silver/orders.sql": (
        '{{ materialized_view(key="order_id", columns={"order_id": "BIGINT", "buyer": "BIGINT"},\n'
        '    relationships=[many_to_one("crm", "silver.customers", on={"buyer": "customer_id"})]) }}\n'
        'SELECT order_id, buyer FROM {{ source("raw.orders") }}\n'
    ),
}
PARENT = "source:crm:silver.customers"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose orders belong to customers of another one, which no model reads."""
    root = tmp_path_factory.mktemp("shop")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


SHOWN = {
    "tree": [f"{PARENT}  key customer_id (proven)", "1:n silver.orders  on buyer = customer_id (unproven)"],
    "mermaid": ['BIGINT customer_id PK "key proven"', "|o..o{ e_silver_orders"],
    "dot": [f'"{PARENT}" -> "silver.orders"', "> key proven</FONT></TD>"],
    "svg": [f"{PARENT}, key customer_id proven", f"{PARENT} to silver.orders: one to many on buyer = customer_id"],
}


@pytest.mark.parametrize("form", SHOWN)
def test_pictures_show_the_table_and_its_key(form: str, shop: Path) -> None:
    """The line is dashed, because each row's parent is checked on the data."""
    shown = cbx_graph(shop, "--format", form, "--relationships")

    assert [text for text in SHOWN[form] if text not in shown] == []


def test_a_manifest_without_verdicts_declares_its_keys(shop: Path) -> None:
    """It may be written by hand."""
    manifest = shop / "crm.json"
    written = manifest.read_text(encoding="utf-8")
    manifest.write_text(written.replace('"key_verdict": "proven", ', ""), encoding="utf-8")
    shown = cbx_graph(shop, "--relationships")
    manifest.write_text(written, encoding="utf-8")

    assert f"{PARENT}  key customer_id (declared)" in shown


def test_the_json_has_the_table(shop: Path) -> None:
    """As a source, with the columns that are related."""
    document = json.loads(cbx_graph(shop, "--format", "json", "--relationships"))
    node = next(node for node in document["nodes"] if node["id"] == PARENT)

    assert (node["kind"], node["path"], node["key"]) == ("dependency", "crm_prod.silver.customers", ["customer_id"])
    assert [relation["parent"] for relation in document["relationships"]] == [PARENT]


def test_the_page_shows_the_table(shop: Path, tmp_path: Path, browser: Browser) -> None:
    """In the second view, and among the facts of the table."""
    page = tmp_path / "shop.html"
    cbx_graph(shop, "--output", str(page))

    with showing(browser, f"{page.as_uri()}#/relationships") as shown:
        assert texts(shown, ".entity-name") == [PARENT, "silver.orders"]
    with showing(browser, f"{page.as_uri()}#/lineage/{PARENT}") as shown:
        assert texts(shown, ".key-line") == ["customer_id proven"]
        assert texts(shown, ".relations .rule-head") == ["has many silver.orders unproven"]
