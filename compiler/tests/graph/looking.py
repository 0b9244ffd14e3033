"""What a test sees of a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.tests.graph.browser import open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STILL = {"reduced_motion": "reduce", "viewport": {"width": 1440, "height": 900}}
WIDE = {"width": 2000, "height": 900}

SETTLED = """async () => {
  const end = performance.now() + 10000;
  do await new Promise(requestAnimationFrame);
  while (document.documentElement.dataset.shown !== location.hash && performance.now() < end);
}"""


_AXE = next((Path(__file__).parent / "vendor" / "axe").glob("axe-*.min.js")).read_text(encoding="utf-8")
_SERIOUS = """async () => (await axe.run()).violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))"""


def serious_findings(page: Page) -> list[str]:
    """What axe finds on the page that is serious or critical."""
    page.evaluate(_AXE)
    return list(page.evaluate(_SERIOUS))


@contextmanager
def showing(browser: Browser, address: str, **settings: Any) -> Iterator[Page]:
    """A page that has been opened and is ready."""
    with open_page(browser, **{**STILL, **settings}) as page:
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        yield page


def await_address(page: Page) -> Page:
    """The page, once it shows the place of its address: browsers tell a page of a new address some time later."""
    page.evaluate(SETTLED)
    return page


def texts(page: Page, selector: str) -> list[str]:
    return [" ".join(text.split()) for text in await_address(page).locator(selector).all_inner_texts()]


def place(page: Page) -> str:
    """The fragment of the address."""
    return str(await_address(page).evaluate("location.hash"))


def lit(page: Page) -> set[str]:
    """The models that stand out on the map."""
    return set(await_address(page).eval_on_selector_all("#boxes > a.lit", "all => all.map(one => one.dataset.id)"))


def ids(page: Page, selector: str) -> list[str]:
    found: list[str] = await_address(page).eval_on_selector_all(selector, "all => all.map(one => one.dataset.id)")
    return found


def boxes(page: Page, selector: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of elements on the screen."""
    rectangles = await_address(page).eval_on_selector_all(
        selector,
        "all => all.map(one => one.getBoundingClientRect()).map(one => [one.left, one.top, one.right, one.bottom])",
    )
    return [tuple(rectangle) for rectangle in rectangles]


def overlapping(places: list[tuple[float, float, float, float]]) -> list[Any]:
    return [
        (place, other)
        for number, place in enumerate(places)
        for other in places[number + 1 :]
        if place[0] < other[2] and other[0] < place[2] and place[1] < other[3] and other[1] < place[3]
    ]
