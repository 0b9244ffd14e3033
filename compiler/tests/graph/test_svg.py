"""SVG pictures as a browser shows them: what is written fits, in light and dark."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from cbx.graph.graph_document import Edge, GraphDocument, Node
from cbx.render.svg import lay_out_lineage, render_svg
from cbx.render.svg_parts import COLUMN_WIDTH
from compiler.tests.graph.browser import open_page
from compiler.tests.graph.pages import ROOT, cbx_graph, compile_circuit_box

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = {
    "tables": (),
    "columns": ("--columns",),
    "one column": ("--columns", "silver.orders.item_price"),
    "relationships": ("--relationships",),
}
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


LAYERS = ("bronze", "silver", "gold")
WORDS = (
    "customers",
    "orders",
    "items",
    "payments",
    "merchants",
    "revenue",
    "shipments",
    "clean",
    "history",
    "summary",
    "of",
)


def any_project(seed: int, models: int, longest_name: int) -> GraphDocument:
    """Models in three layers, each of which reads up to three others."""
    chance = Random(seed)
    nodes = [
        Node(f"{layer}.{name}", "model", "materialized_view", layer, name, name, "")
        for number in range(models)
        for layer in [LAYERS[number * 3 // models]]
        for name in ["_".join([*chance.choices(WORDS, k=chance.randint(1, longest_name)), str(number)])]
    ]
    edges = [
        Edge(nodes[other].id, node.id, chance.choice(["batch", "stream"]))
        for number, node in enumerate(nodes)
        for other in sorted(set(chance.choices(range(max(number - 20, 0), number), k=3)) if number else ())
    ]
    return GraphDocument("shop", LAYERS, tuple(nodes), tuple(edges), ())


@pytest.mark.parametrize("longest_name", [3, 7])
@pytest.mark.parametrize("models", [1, 6, 20, 40, 90])
@pytest.mark.parametrize("seed", range(3))
def test_a_lineage_fits_into_a_column_of_text(seed: int, models: int, longest_name: int) -> None:
    """However many models there are, so that its texts have twelve pixels in a README; and no name is cut."""
    picture = render_svg(any_project(seed, models, longest_name))

    assert int(picture.split('width="')[1].split('"')[0]) <= COLUMN_WIDTH
    assert "…" not in picture


@pytest.mark.parametrize("models", [20, 40])
def test_what_is_written_fits_in_any_project(browser: Browser, models: int) -> None:
    """Also in a picture that points down."""
    document = any_project(1, models, 4)
    assert lay_out_lineage(document).points_down
    with open_page(browser) as page:
        page.set_content(render_svg(document))

        assert page.evaluate(MEASURE) == [True, [], [], []]
        assert page.evaluate(SMALLEST) >= 12


@pytest.mark.parametrize("picture", [(), ("--relationships",)])
def test_the_pictures_of_the_example_fit(browser: Browser, picture: tuple[str, ...]) -> None:
    """Its many ranks are below each other, and so are tables that refer to tables that refer to others."""
    with open_page(browser) as page:
        page.set_content(cbx_graph(ROOT / "examples" / "payments", "--format", "svg", *picture))

        assert page.evaluate(MEASURE) == [True, [], [], []]
        assert page.evaluate(SMALLEST) >= 12


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
