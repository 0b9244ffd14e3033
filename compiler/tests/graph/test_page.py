"""The HTML page, in a browser: whatever is shown fails on any word in the console and any request to a host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from cbx.graph.graph_document import GraphDocument
from cbx.render.html.page import render_html
from cbx.render.html.page_data import Checks
from compiler.tests.command import invoke_cbx
from compiler.tests.graph.looking import WIDE, await_address, boxes, ids, lit, overlapping, place, showing, texts
from compiler.tests.graph.pages import HOSTILE, cbx_graph, circuit_box, compile_circuit_box, hostile, large

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ((), "#/lineage"),
        (("--columns", "silver.orders.order_id"), "#/lineage/silver.orders/columns/order_id"),
        (("--columns", "gold.daily_sales"), "#/lineage/gold.daily_sales/columns"),
        (("--relationships",), "#/relationships"),
    ],
)
def test_the_page_opens_at_what_was_asked_for(tmp_path: Path, options: tuple[str, ...], fragment: str) -> None:
    """Unless the address names a place."""
    circuit_box(tmp_path, *options)

    assert f'"start":"{fragment}"' in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--format", "html", "--state", "nowhere"), "nowhere has no events"),
        (("--format", "svg", "--state", "nowhere"), "--state needs a page, which shows the counts of a run"),
        (("--format", "html", "--event-log", "nowhere.json"), "nowhere.json cannot be read: No such file or directory"),
        (("--format", "svg", "--event-log", "x.json"), "--event-log needs a page, which shows the counts of a run"),
        (("--format", "html", "--event-log", "x", "--state", "y"), "--state and --event-log cannot be combined"),
    ],
)
def test_a_run_that_there_is_not_is_named(options: tuple[str, ...], reason: str) -> None:
    """Only without --state a project that has not been run is as good as another."""
    result = invoke_cbx("graph", "--project", compile_circuit_box(), *options)

    assert (result.stdout, result.exit_code) == ("", 2)
    assert reason in result.stderr


def test_it_opens_with_all_models_in_the_lanes_of_their_layers(browser: Browser, shop: str) -> None:
    """Every card lies within the lane that its layer has, and no two lie on each other."""
    with showing(browser, shop) as page:
        lanes = {
            name.split()[0]: box for name, box in zip(texts(page, ".lane-name"), boxes(page, ".lane"), strict=True)
        }
        cards = dict(zip(ids(page, ".card"), boxes(page, ".card"), strict=True))

        assert list(lanes) == ["SOURCES", "BRONZE", "SILVER", "GOLD"]
        assert len(cards) == 17
        for name, (left, _, right, _) in cards.items():
            lane = lanes["SOURCES" if name.startswith("source:") else name.split(".")[0].upper()]
            assert lane[0] <= left
            assert right <= lane[2]
        assert overlapping(list(cards.values())) == []
        assert page.locator("#lines .line.stream").count() == 9
        assert page.locator("#lines .line.batch").count() == 10


def test_typing_finds_models_and_columns(browser: Browser, shop: str) -> None:
    """The list holds what is found, the map lights it up, and Enter opens the first."""
    with showing(browser, shop) as page:
        page.keyboard.press("/")
        page.keyboard.type("postcode")

        assert page.inner_text("#found") == "7 found"
        assert texts(page, "#list a")[0] == "bronze.addresses postcode"
        assert "silver.current_addresses" in lit(page)

        page.keyboard.press("Enter")

        assert place(page) == "#/lineage/bronze.addresses/columns/postcode"


def test_a_click_opens_the_page_of_a_model(browser: Browser, shop: str) -> None:
    """Description, key, expectations with the counts of the last run, and neighbours; what it touches stands out."""
    with showing(browser, shop, viewport=WIDE) as page:
        page.click('[data-id="silver.customers_clean"].card')
        overview = page.inner_text("#tab-overview")

        assert page.inner_text("#panel-title") == "customers_clean"
        assert "Customer profiles that passed the quality gate" in overview
        assert "completed · 8 rows written, 1 dropped" in overview
        assert page.locator(".chart title").all_text_contents() == [
            "2026-01-01 03:04: 2 rows written, 3 dropped, 4 violations, 1.5 s",
            "2026-01-02 03:04: 8 rows written, 1 dropped, 4 violations",
        ]
        assert texts(page, ".rule-name")[:2] == ["valid_customer_id", "valid_customer_name"]
        assert texts(page, ".rules .counts") == [
            "9 passed, 0 failed",
            "8 passed, 1 failed",
            "7 passed, 2 failed",
            "8 passed, 1 failed",
            "not counted in the last run",
        ]
        assert texts(page, ".neighbours li") == ["bronze.customers stream", "silver.customers stream"]
        assert texts(page, ".key-line") == ["customer_id created_date unproven"]
        assert {"bronze.customers", "silver.customers", "gold.open_orders"} < lit(page)
        assert "silver.orders" not in lit(page)


def test_the_runs_of_a_workspace_have_a_chart(browser: Browser, tmp_path: Path) -> None:
    """Its tables have a catalog, and a flow has several events with counts."""
    log, page_file = tmp_path / "exported.json", tmp_path / "page.html"
    events = [
        {
            "origin": {"update_id": update, "dataset_name": "main.silver.orders", "flow_name": "main.silver.orders"},
            "timestamp": f"2026-05-0{day}T01:00:0{second}.000Z",
            "details": json.dumps({"flow_progress": {"status": status, "metrics": {"num_output_rows": rows}}}),
        }
        for update, day, second, status, rows in (
            ("a", 1, 1, "RUNNING", 4),
            ("a", 1, 3, "COMPLETED", 6),
            ("b", 2, 1, "FAILED", 0),
        )
    ]
    log.write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
    cbx_graph(compile_circuit_box(), "--event-log", str(log), "--output", str(page_file))
    with showing(browser, f"{page_file.as_uri()}#/lineage/silver.orders", viewport=WIDE) as page:
        assert page.locator(".chart title").all_text_contents() == [
            "2026-05-01 01:00: 10 rows written, 2 s",
            "2026-05-02 01:00: failed, < 0.1 s",
        ]
        assert texts(page, "#run button") == ["1 failed"]


def test_violations_are_rows_and_filter_the_list(browser: Browser, shop: str) -> None:
    """The sums over all models are in the bar; a click shows where they come from. A child is many to one."""
    with showing(browser, f"{shop}#/lineage/silver.orders", viewport=WIDE) as page:
        assert "many to one on customer_id" in " ".join(texts(page, ".relations .on"))
        assert texts(page, "#run button") == ["1 failed", "1 dropped", "2 to 3 warned"]
        assert texts(page, '[data-id="silver.customers_clean"].card .trouble') == ["1 dropped, 2 to 3 warned"]

        page.click("#run button:has-text('dropped')")

        assert texts(page, "#list a") == ["silver.customers_clean last run: 1 dropped, 2 to 3 warned"]


def test_the_page_of_a_model_has_its_columns_source_and_notebook(browser: Browser, shop: str) -> None:
    """Texts are coloured, and are those of the files."""
    with showing(browser, f"{shop}#/lineage/gold.customer_order_summary/columns") as page:
        rows = texts(page, ".columns tbody tr")
        page.fill(".column-filter", "email")

        assert page.locator(".columns tbody tr:visible").count() == 1

        page.click("#to-source")
        page.wait_for_selector("#tab-source .token.keyword")
        source = page.inner_text("#tab-source .code")
        page.click("#to-notebook")
        page.wait_for_selector("#tab-notebook .token.decorator")

        assert "The number of orders, including cancelled ones." in rows[9]
        assert "BIGINT" in rows[9]
        assert "silver.orders.order_id" in rows[9]
        assert source.splitlines()[0] == "{{ materialized_view("
        assert "# Databricks notebook source" in page.inner_text("#tab-notebook .code")


def test_resting_on_a_column_lights_its_lineage(browser: Browser, shop: str) -> None:
    """Up and down through the graph, with the names that the column has in each model; a click holds it."""
    with showing(browser, f"{shop}#/lineage/silver.orders/columns", viewport=WIDE) as page:
        page.hover(".columns button:text-is('item_quantity')")

        assert lit(page) == {
            "source:${landing}/orders", "bronze.orders", "silver.orders_clean", "silver.orders",
            "gold.customer_order_summary", "gold.daily_sales", "gold.open_orders", "gold.product_sales",
        }  # fmt: skip
        assert page.inner_text('[data-id="bronze.orders"] .card-words') == "items"

        page.click(".columns button:text-is('item_quantity')")
        page.mouse.move(5, 5)

        assert place(page) == "#/lineage/silver.orders/columns/item_quantity"
        assert len(lit(page)) == 8

        page.keyboard.press("Escape")

        assert place(page) == "#/lineage/silver.orders/columns"
        page.wait_for_selector("[data-id='bronze.orders'] .card-words:text-is('streaming table')")


def test_the_relationships_are_a_second_view(browser: Browser, shop: str) -> None:
    """Each with the feet of its cardinality; the open model stays open, and the way back leads back."""
    with showing(browser, f"{shop}#/lineage/silver.orders") as page:
        page.click("#view-relationships")

        assert place(page) == "#/relationships/silver.orders"
        assert set(ids(page, ".entity")) == {
            "silver.customers", "silver.orders", "silver.addresses", "silver.orders_clean", "gold.open_orders",
            "gold.customer_order_summary",
        }  # fmt: skip
        assert page.locator("#lines .line.unproven").count() == 5
        assert texts(page, '[data-id="silver.addresses"] .mark')[0] == "PK·FK"
        assert overlapping(boxes(page, ".entity")) == []

        page.go_back()

        assert ids(page, ".entity") == []
        assert ids(page, ".card.selected") == ["silver.orders"]


def test_columns_are_traced_from_card_to_card(browser: Browser, shop: str) -> None:
    """Lines tell what is passed on, renamed and computed; a card unfolds to all its columns; a click pins one."""
    with showing(browser, f"{shop}#/lineage/gold.open_orders", viewport=WIDE) as page:
        page.click("#of-columns")

        assert place(page) == "#/columns/gold.open_orders"
        assert "source:${landing}/orders" in ids(page, ".table")
        assert page.locator("#lines .line.computed").count() >= 4
        assert page.locator("#lines .line.passed").count() > 20
        assert texts(page, '[data-id="silver.orders"].table .row-name') == ["item_price", "item_quantity"]

        page.click('[data-id="silver.orders"].table .fold')

        assert page.locator('[data-id="silver.orders"].table .row-name').count() == 10
        assert overlapping(boxes(page, ".table")) == []

        page.click('[data-id="silver.orders"].table [data-column="item_price"]')

        assert place(page) == "#/columns/silver.orders/columns/item_price"
        assert texts(page, "#panel tr.pinned .step") == ["computed"]
        assert texts(page, '[data-id="silver.orders"].table .pinned') == ["item_price"]


def test_a_project_without_models_has_a_page(browser: Browser, tmp_path: Path) -> None:
    """All of its views are empty, and none of them fails."""
    page_file = tmp_path / "empty.html"
    page_file.write_text(
        render_html(GraphDocument("empty", ("bronze",), (), (), ()), Checks({}, {}), {}), encoding="utf-8"
    )
    with showing(browser, page_file.as_uri()) as page:
        for button in ("#view-relationships", "#fit", "#view-lineage", "#zoom-out", "#zoom-in"):
            page.click(button)
        page.fill("#query", "+orders")

        assert texts(page, "#found") == ["+orders selects nothing"]


def test_the_picture_can_be_saved(browser: Browser, shop: str) -> None:
    """All of it, also what is not on the screen, with its colours; as SVG, and as the same picture in pixels."""
    with showing(browser, shop, viewport={"width": 700, "height": 500}) as page:
        with page.expect_download() as svg:
            page.click("#save-svg")
        with page.expect_download() as png:
            page.click("#save-png")
        picture = ElementTree.fromstring(svg.value.path().read_text(encoding="utf-8"))
        words = {element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")}

        assert svg.value.suggested_filename == "circuit_box-lineage.svg"
        assert {"order_summary", "daily_sales", "BRONZE", "materialized view"} < words
        assert picture.find("{http://www.w3.org/2000/svg}style") is None
        assert png.value.path().read_bytes().startswith(b"\x89PNG")


def test_what_users_wrote_shows_as_they_wrote_it(browser: Browser, tmp_path: Path) -> None:
    """Nothing of it becomes an element, a script or a place of the page."""
    with showing(browser, hostile(tmp_path)) as page:
        page.click(".card >> nth=1")
        shown = {
            name: page.locator(selector).first.text_content()
            for name, selector in {
                "project": "#project", "name": "#panel-title", "description": ".description", "tag": ".tag",
                "rule": ".rule-name", "condition": ".condition", "problem": ".problem", "key": ".key-line .column-name",
                "column": ".columns button", "type": ".long-type", "words": ".column-words",
                "item": ".item-name", "card": ".card-name", "lane": ".lane-name span >> nth=1",
                "measure": ".measure-text", "home": ".home code",
            }.items()
        }  # fmt: skip
        page.click("#to-source")
        page.wait_for_selector("#tab-source .code")

        assert shown == dict.fromkeys(shown, HOSTILE) | {"lane": "1"}
        assert page.text_content("#tab-source .code") == HOSTILE
        assert page.title().startswith("a.")
        assert page.locator("img, b").count() == 0
        assert page.locator("script").count() == 4

        page.click("#view-relationships")

        assert page.locator(".entity-name").first.text_content() == f"a.{HOSTILE}"

        with page.expect_download() as svg:
            page.click("#save-svg")

        tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(svg.value.path()).iter()}

        assert tags <= {"svg", "rect", "path", "circle", "text"}


def test_the_arrow_of_a_lineage_is_on_the_line_of_its_column(browser: Browser, shop: str) -> None:
    """Also where the name is too long for one line, which breaks after a dot."""
    with showing(browser, f"{shop}#/lineage/gold.open_orders/columns") as page:
        await_address(page)
        lines: list[list[float]] = page.eval_on_selector_all(
            ".origins",
            "all => all.map(each => [each.children[1].getBoundingClientRect().bottom,"
            " ...new Set(Array.from(each.children[2].getClientRects(), line => line.top))])",
        )

        assert max(len(tops) for _, *tops in lines) > 1
        assert [arrow for arrow, top, *_ in lines if arrow < top] == []


def test_of_many_models_only_those_on_the_screen_are_drawn(browser: Browser) -> None:
    """From far away the map is one picture; near by there are a few hundred elements; texts are packed."""
    with showing(browser, large(633)) as page:
        assert 0 < page.locator("#boxes > a").count() <= 240

        page.click("#fit")
        page.wait_for_selector("#map.far")

        assert page.locator("#boxes > a").count() == 0

        page.fill("#query", "silver.t77")
        page.click("#list a >> nth=0")
        page.wait_for_selector("#boxes > a.selected")
        page.click("#to-source")
        page.wait_for_selector("#tab-source .code")

        assert page.locator("#map.far").count() == 0
        assert 0 < page.locator("#boxes > a").count() <= 240
        assert page.inner_text("#tab-source .code").startswith("-- silver.t77\n")

        page.click("#focus")

        assert place(page) == "#/focus/silver.t77/source"
        assert {"silver.t77", "bronze.t117", "bronze.t118"} < set(ids(page, ".card"))
        assert page.locator(".card").count() == 5
        assert overlapping(boxes(page, ".card")) == []


PAN = """async () => {
  const map = document.getElementById("map");
  let changes = 0;
  new MutationObserver(() => { changes += 1; }).observe(document.getElementById("boxes"), { childList: true });
  const at = step => ({ clientX: 900 - 4 * step, clientY: 700 - 4 * step, bubbles: true, view: window, button: 0 });
  map.dispatchEvent(new MouseEvent("mousedown", at(0)));
  for (let step = 0; step < 80; step++) {
    window.dispatchEvent(new MouseEvent("mousemove", at(step)));
    await new Promise(requestAnimationFrame);
  }
  window.dispatchEvent(new MouseEvent("mouseup", at(80)));
  return changes;
}"""
VISIBLE = """() => [...document.querySelectorAll("#boxes > a")].filter(card => {
  const { left, right, top, bottom } = card.getBoundingClientRect();
  return right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
}).map(card => card.dataset.id).sort()"""


def test_a_moving_map_changes_the_document_only_near_the_end_of_what_is_drawn(browser: Browser) -> None:
    """Each change costs a new painting of the lines; and all that is on the screen is drawn meanwhile."""
    with showing(browser, large(900)) as page:
        changes = page.evaluate(PAN)
        moved = page.evaluate(VISIBLE)
        page.wait_for_timeout(400)

        assert 0 < changes <= 6
        assert moved == page.evaluate(VISIBLE)
