"""What somebody sees who opens the page, and how the map keeps what they look for in sight."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cbx.graph.graph_document import GraphDocument, Node
from cbx.render.html.page import render_html
from cbx.render.html.page_data import Checks
from compiler.tests.graph.looking import await_address, boxes, ids, showing, texts
from compiler.tests.graph.pages import large

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SMALL = """() => {
  const scale = new DOMMatrix(getComputedStyle(document.getElementById("world")).transform).a;
  return [...document.querySelectorAll("body *")]
    .filter(element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()))
    .filter(element => !element.closest("script, .unseen, noscript"))
    .filter(element => element.checkVisibility({ visibilityProperty: true }))
    .map(element => [element.className, parseFloat(getComputedStyle(element).fontSize)
      * (element.closest("#world") ? scale : 1)])
    .filter(([, size]) => size < 12);
}"""
"""The labels of less than twelve pixels."""

HIDDEN = """() => {
  const stage = document.getElementById("map").getBoundingClientRect();
  return [...document.querySelectorAll("#boxes > a")].filter(card => {
    const { left, right, top, bottom } = card.getBoundingClientRect();
    return left < stage.left || right > stage.right || top < stage.top || bottom > stage.bottom;
  }).map(card => card.dataset.id);
}"""
"""The cards that are not wholly on the map."""

CUT = "all => all.filter(name => name.scrollHeight > name.clientHeight + 1).map(name => name.textContent)"
"""The names of which a part is hidden."""


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1440, 900), (3840, 2160)])
def test_all_labels_can_be_read_at_first_sight(browser: Browser, shop: str, width: int, height: int) -> None:
    """All of Circuit Box is on the map; no name is cut; no label of any view has less than twelve pixels."""
    with showing(browser, shop, viewport={"width": width, "height": height}) as page:
        assert page.evaluate(SMALL) == []
        assert page.evaluate(HIDDEN) == []
        assert page.eval_on_selector_all(".card-name", CUT) == []
        assert boxes(page, ".card")[0][2] - boxes(page, ".card")[0][0] >= 0.1 * min(width, 1400)
        for link in ("#/relationships", "#/focus/silver.orders/columns/item_price", "#/lineage/gold.open_orders"):
            page.evaluate("link => { location.hash = link }", link)
            await_address(page)

            assert page.evaluate(SMALL) == []


def test_long_names_are_not_cut(browser: Browser, tmp_path: Path) -> None:
    """They have up to three lines, and cards are as high as these need."""
    names = ("item", "events_category_region_returns_clean_15", "customer_item_payment_raw_ledger_region_history")
    nodes = [Node(f"gold.{name}", "model", "view", "gold", name, name, f"{name}.sql") for name in names]
    path = tmp_path / "page.html"
    path.write_text(render_html(GraphDocument("shop", ("gold",), tuple(nodes), (), ()), Checks({}, {}), {}), "utf-8")
    with showing(browser, path.as_uri()) as page:
        cards = dict(zip(ids(page, ".card"), boxes(page, ".card"), strict=True))
        kinds = boxes(page, ".card-kind")

        assert page.eval_on_selector_all(".card-name", CUT) == []
        assert all(kind[3] <= card[3] for kind, card in zip(kinds, cards.values(), strict=True))


def test_nothing_can_be_lost_from_sight(browser: Browser, shop: str) -> None:
    """However far the map is dragged, some of it stays; the overview leads back, and opening a model shows it."""
    with showing(browser, f"{shop}#/lineage/silver.orders", viewport={"width": 1280, "height": 800}) as page:
        for _ in range(4):
            page.mouse.move(400, 500)
            page.mouse.down()
            page.mouse.move(890, 790, steps=4)
            page.mouse.up()
        map_box = boxes(page, "#map")[0]

        assert any(left < map_box[2] and top < map_box[3] for left, top, _, _ in boxes(page, ".card"))

        page.click("#minimap", position={"x": 12, "y": 12})

        assert "source:${landing}/customers" not in page.evaluate(HIDDEN)

        page.evaluate("location.hash = '#/lineage/gold.product_sales'")
        page.wait_for_selector("[data-id='gold.product_sales'].card.selected")

        assert "gold.product_sales" not in page.evaluate(HIDDEN)

        page.evaluate("location.hash = '#/lineage/gold.product_sales/columns/item_name'")
        await_address(page)

        assert {"gold.product_sales", "silver.orders"}.isdisjoint(page.evaluate(HIDDEN))


def test_a_search_finds_all_columns_also_with_a_mistake_and_shows_them(browser: Browser, shop: str) -> None:
    """A model whose name matches comes first; if few names match, similar ones follow."""
    with showing(browser, shop, viewport={"width": 1280, "height": 800}) as page:
        assert search(page, "item_")[0] == "silver.orders item_id"
        assert {"silver.orders item_id", "silver.orders item_price", "silver.orders item_name"} < set(
            texts(page, "#list a")
        )
        assert search(page, "costumer_order")[0].startswith("gold.customer_order_summary")
        assert search(page, "dlysls")[0].startswith("gold.daily_sales")
        page.wait_for_timeout(250)
        assert "gold.daily_sales" not in page.evaluate(HIDDEN)
        assert search(page, "zzzz") == []


def search(page: Page, words: str) -> list[str]:
    page.fill("#query", words)
    return [text.split(" last run:")[0] for text in texts(page, "#list a")]


@pytest.mark.slow
def test_a_large_graph_opens_readable_too(browser: Browser) -> None:
    """With an overview; far away the name of a model is a tip, which goes when the map moves."""
    with showing(browser, large(3000), viewport={"width": 1280, "height": 800}) as page:
        assert page.evaluate(SMALL) == []
        assert len(ids(page, ".card")) > 20
        assert min(top for _, top, _, _ in boxes(page, ".card")) < 120
        assert page.is_visible("#minimap")

        for _ in range(12):
            page.click("#zoom-out")
        page.wait_for_selector("#map.far")
        left, top, right, bottom = boxes(page, "#map")[0]
        for step in range(60):
            page.mouse.move(left + (right - left) * step / 60, (top + bottom) / 2)
            if page.is_visible("#tip"):
                break

        assert page.is_visible("#tip")

        page.keyboard.press("Shift")

        assert not page.is_visible("#tip")
