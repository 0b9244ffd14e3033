"""The search box of the page understands selectors as `cbx list --select` does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cbx.graph.graph_document import GraphDocument
from cbx.graph.read_manifest import read_manifest
from cbx.graph.selector_methods import SelectorError
from cbx.graph.selectors import select
from compiler.tests.graph.looking import showing, texts
from compiler.tests.graph.pages import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SELECTED = """queries => queries.map(query => {
  const box = document.getElementById("query");
  box.value = query;
  box.dispatchEvent(new Event("input"));
  return [...document.querySelectorAll("#list .matches a")].map(link => link.dataset.id);
})"""

SELECTORS = """
+silver.orders
silver.orders+
1+silver.orders
silver.customers+1
2+daily_sales+1
@silver.customers
+daily_sales,+product_sales,layer:silver
*_clean
s*.o*
layer:gold
layer:GOLD layer:bronze
tag:none*
kind:auto_cdc
kind:*_view
path:models/gold/*.py
path:models/**/*.sql
path:models/silver
file:orders.*
source:*/addresses+1
source:${landing}
source:${landing}/orders
resource_type:source
circuit_box+
gold*
+gold.daily_sales,kind:streaming_table gold.open_orders+
file:orders
[bg]*.orders,layer:[!b]*
orders+,?old.*
""".strip().splitlines()


def test_selectors_select_what_the_command_line_selects(browser: Browser, shop: str) -> None:
    """Or nothing, where the command line reports a mistake; then the page says which part selects nothing."""
    graph = read_manifest(json.loads((ROOT / "target/manifest.json").read_text(encoding="utf-8")))
    with showing(browser, shop) as page:
        assert page.evaluate(SELECTED, SELECTORS) == [select_or_none(graph, selector) for selector in SELECTORS]

        page.fill("#query", "+silver.ordrs")

        assert texts(page, "#found") == ["+silver.ordrs selects nothing"]

        page.fill("#query", "result:dropped result:failed")

        assert texts(page, "#list .matches .item-name") == ["silver.customers_clean", "gold.daily_sales"]


def select_or_none(graph: GraphDocument, selector: str) -> list[str]:
    try:
        return list(select(graph, [selector]))
    except SelectorError:
        return []
