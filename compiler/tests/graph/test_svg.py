"""SVG pictures as a browser shows them: what is written fits, in light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.tests.graph.browser import open_page
from compiler.tests.graph.pages import cbx_graph, compile_circuit_box

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = {"tables": (), "columns": ("--columns",), "relationships": ("--relationships",)}
MEASURE = """() => {
  const rect = one => one.getBoundingClientRect();
  const within = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1
    && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  const root = document.querySelector("svg"), sheet = rect(root);
  const cards = [...root.querySelectorAll(".card")];
  const texts = [...root.querySelectorAll("text")];
  const meets = (one, other) => one.left < other.right && other.left < one.right
    && one.top < other.bottom && other.top < one.bottom;
  const said = cards.flatMap(card => [...card.parentNode.querySelectorAll(":scope > text")]
    .filter(text => !within(rect(text), rect(card))).map(text => text.textContent));
  const cut = [...texts, ...root.querySelectorAll("path, rect:not(.paper), circle")]
    .filter(one => !within(rect(one), sheet)).map(one => one.outerHTML);
  const crossed = [];
  texts.forEach((one, place) => texts.slice(place + 1).forEach(other => {
    if (one.parentNode === other.parentNode && meets(rect(one), rect(other))) {
      crossed.push(one.textContent + " | " + other.textContent);
    }
  }));
  return [cards.length > 3, said, cut, crossed];
}"""
SMALLEST = """() => Math.min(1, 830 / document.querySelector("svg").width.baseVal.value)
  * Math.min(...[...document.querySelectorAll("svg text")].map(text => parseFloat(getComputedStyle(text).fontSize)))"""
"""The size of the smallest text in a README on GitHub, whose column has 830 pixels."""
PAPER = "getComputedStyle(document.querySelector('.paper')).fill"


@pytest.mark.parametrize("picture", PICTURES)
def test_what_is_written_fits(browser: Browser, picture: str) -> None:
    """Texts stay in their cards and off each other, and nothing reaches over the border of the picture.

    The texts of tables and relationships can also be read in a README, where a wide picture becomes smaller.
    """
    with open_page(browser) as page:
        page.set_content(cbx_graph(compile_circuit_box(), "--format", "svg", *PICTURES[picture]))

        assert page.evaluate(MEASURE) == [True, [], [], []]
        assert picture == "columns" or page.evaluate(SMALLEST) >= 12


def test_the_colours_follow_the_reader(browser: Browser) -> None:
    """Light paper for one who likes it light, dark paper for the other."""
    papers = []
    for scheme in ("light", "dark"):
        with open_page(browser, color_scheme=scheme) as page:
            page.set_content(cbx_graph(compile_circuit_box(), "--format", "svg"))
            papers.append(page.evaluate(PAPER))

    assert papers == ["rgb(255, 255, 255)", "rgb(15, 20, 27)"]
