"""The HTML page for everybody: in light and dark, by keys, in words, in a narrow window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compiler.tests.graph.looking import boxes, place, serious_findings, showing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text(encoding="utf-8")

BACKGROUND, DARK = "getComputedStyle(document.body).backgroundColor", "rgb(15, 20, 26)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_link_opens_its_place_and_every_word_can_be_read(browser: Browser, shop: str, scheme: str) -> None:
    """The contrast of text is at least 4.5 to 1 in both schemes (WCAG 2.2, 1.4.3), on every part of the page.

    Nor does axe find anything serious.
    """
    with showing(browser, f"{shop}#/relationships/silver.customers/source", color_scheme=scheme) as page:
        page.wait_for_selector("#tab-source .token")
        poor = page.evaluate(CONTRASTS) + serious_findings(page)
        places = (
            ("lineage", "customers", "notebook"),
            ("focus", "customers_clean", "overview"),
            ("columns", "orders", "columns"),
        )
        for view, model, tab in places:
            page.evaluate("link => { location.hash = link }", f"#/{view}/silver.{model}/{tab}")
            page.wait_for_selector(f"#tab-{tab}:not([hidden]) > *")
            poor += page.evaluate(CONTRASTS)
        poor += serious_findings(page)

        assert page.inner_text("#panel-title") == "orders"
        assert poor == []


def test_colours_can_be_chosen(browser: Browser, shop: str) -> None:
    """Against the system's, and for the next time."""
    with showing(browser, shop, color_scheme="light", reduced_motion="reduce") as page:
        page.click("#theme")
        page.click("#theme")
        assert page.evaluate(BACKGROUND) == DARK

        for _ in range(20):  # a browser stores the choice a moment after the page has asked for it
            page.reload()
            page.wait_for_selector("html[data-ready]")
            if page.evaluate(BACKGROUND) == DARK:
                break
        assert page.get_attribute("#theme", "aria-label") == "Colours: dark"


def test_paper_is_light_also_from_dark_pages(browser: Browser, shop: str) -> None:
    """The picture and the view of a model: dark letters on white."""
    with showing(browser, f"{shop}#/lineage/silver.orders", color_scheme="dark") as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        fills = page.eval_on_selector_all(
            "#print text", "all => [...new Set(all.map(text => text.getAttribute('fill')))]"
        )

        assert page.get_attribute("#print rect", "fill") == "#ffffff"
        assert all(int(fill[1:3], 16) + int(fill[3:5], 16) + int(fill[5:7], 16) < 384 for fill in fills), fills
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
        assert page.evaluate(CONTRASTS) == []


def test_everything_can_be_done_by_keys(browser: Browser, shop: str) -> None:
    """To the map, along the lines, into a model's page, through its parts, and out again."""
    with showing(browser, shop) as page:
        page.focus("#map")
        page.keyboard.press("Enter")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")

        assert place(page) == "#/lineage/silver.addresses"
        page.wait_for_selector("#panel:focus")

        page.keyboard.press("Escape")
        page.wait_for_selector("#boxes [data-id='silver.addresses']:focus")

        page.focus("#query")
        page.keyboard.type("open")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_selector("#panel:focus")
        page.focus("#to-overview")
        page.keyboard.press("ArrowRight")

        assert place(page) == "#/lineage/gold.open_orders/columns"

        page.keyboard.press("Escape")

        assert place(page) == "#/lineage"


def test_roles_and_names_say_what_is_there(browser: Browser, shop: str) -> None:
    """What a screen reader is told: landmarks, the list, and every button by name."""
    with showing(browser, f"{shop}#/lineage/silver.orders") as page:
        nameless = page.eval_on_selector_all(
            "a, button, input", "all => all.filter(one => !(one.ariaLabel || one.textContent.trim())).length"
        )

        assert nameless == 0
        assert page.get_by_role("navigation", name="Views").get_by_role("link").count() == 3
        assert page.get_by_role("complementary", name="Models").get_by_role("link", name="daily_sales").count() == 1
        assert page.get_by_role("application", name="Lineage, 17 boxes").count() == 1
        assert page.eval_on_selector_all(".tool", "all => all.filter(one => !one.title).length") == 0
        assert page.get_by_role("region", name="orders").get_by_role("tab").count() == 4
        assert page.get_by_role("link", name="silver orders streaming table").get_attribute("aria-current") == "true"


@pytest.mark.parametrize("width", [390, 800])
def test_in_a_narrow_window_nothing_is_cut_off(browser: Browser, shop: str, width: int) -> None:
    """The list opens over the map, the page lies over it or beside it, and neither is wider than the window."""
    with showing(browser, f"{shop}#/lineage/silver.orders", viewport={"width": width, "height": 844}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert boxes(page, "#panel")[0][0] >= 0
        assert boxes(page, "#panel")[0][2] <= width
        assert max(right for _, _, right, _ in boxes(page, ".bar .tool")) <= width

        page.click("#close")
        page.click("#toggle-side")
        page.click("#list .item-name:text-is('daily_sales')")

        page.wait_for_selector("#panel:focus")

        assert page.inner_text("#panel-title") == "daily_sales"
