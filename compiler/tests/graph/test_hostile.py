"""Names and descriptions are text in every picture, whatever stands in them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from rich.console import Console

from cbx.graph.graph_document import GraphDocument
from cbx.render import dot, mermaid, svg, svg_columns, svg_relationships, tree
from cbx.render.column_lineage import column_lineage
from cbx.render.json_text import render_json
from compiler.tests.graph.browser import open_page
from compiler.tests.graph.hostile import TEXTS, hostile_graph

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GRAPH = hostile_graph()
RELATED = GRAPH.with_relationships
SVGS: dict[str, Callable[[GraphDocument], str]] = {
    "lineage": svg.render_svg,
    "columns": lambda graph: svg_columns.render_svg_columns(column_lineage(graph)),
    "relationships": svg_relationships.render_svg_relationships,
}
MERMAIDS: dict[str, Callable[[GraphDocument], str]] = {
    "lineage": mermaid.render_mermaid,
    "columns": lambda graph: mermaid.render_mermaid_columns(column_lineage(graph)),
    "relationships": mermaid.render_mermaid_relationships,
}
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Whatever a page starts when it is loaded and first drawn has been started by then."""
DOTS: dict[str, Callable[[GraphDocument], str]] = {
    "lineage": dot.render_dot,
    "columns": lambda graph: dot.render_dot_columns(column_lineage(graph)),
    "relationships": dot.render_dot_relationships,
}


def missing(said: str) -> list[str]:
    """The texts that are not said, white space aside."""
    words = "".join(said.split())
    return [text for text in TEXTS if "".join(text.split()) not in words]


@pytest.mark.parametrize("picture", SVGS)
def test_an_svg_is_xml_and_says_the_texts(picture: str) -> None:
    """In full: what a card has no room for is in its title."""
    said = "".join(ElementTree.fromstring(SVGS[picture](GRAPH)).itertext())

    assert missing(said) == []


@pytest.mark.parametrize("picture", SVGS)
def test_an_svg_runs_nothing_in_a_browser(browser: Browser, picture: str) -> None:
    """Neither as a page of its own nor within one."""
    with open_page(browser) as page:
        page.set_content(SVGS[picture](GRAPH))
        page.evaluate(TWO_FRAMES)

        assert page.evaluate("[window.hacked, document.querySelectorAll('script, img, b').length]") == [None, 0]


@pytest.mark.parametrize("picture", MERMAIDS)
def test_mermaid_says_the_texts(browser: Browser, draw_mermaid: Callable[[str], str], picture: str) -> None:
    """Mermaid's own package draws them, and none becomes an element or a word of its grammar."""
    drawn = draw_mermaid(MERMAIDS[picture](GRAPH))
    with open_page(browser) as page:
        page.set_content(drawn)
        page.evaluate(TWO_FRAMES)
        said = page.evaluate("document.body.textContent")
        found = page.evaluate("[window.hacked, document.querySelectorAll('script, img, b').length]")

    assert (missing(said), found) == ([], [None, 0])


@pytest.mark.parametrize("picture", DOTS)
def test_graphviz_says_the_texts(picture: str) -> None:
    """Graphviz reads what is written for it, without a warning."""
    if shutil.which("dot") is None:
        pytest.skip("no Graphviz on this machine (Debian: apt-get install graphviz)")
    done = subprocess.run(
        ["dot", "-Tsvg"], input=DOTS[picture](GRAPH), capture_output=True, encoding="utf-8", check=False
    )
    said = "".join(ElementTree.fromstring(done.stdout).itertext())

    assert (missing(said), done.stderr, done.returncode) == ([], "", 0)


def test_json_says_the_texts() -> None:
    """And is read back as what it was."""
    shape = json.loads(render_json(GRAPH, column_lineage(GRAPH)))

    assert [node["description"] for node in shape["nodes"][1:]] == list(TEXTS)


def test_a_tree_says_the_texts() -> None:
    """Rich takes none of them for its markup, and no sign moves the cursor."""
    out = StringIO()
    pictures = (
        tree.render_tree(GRAPH),
        tree.render_column_tree(column_lineage(GRAPH)),
        tree.render_relationship_tree(GRAPH),
    )
    for picture in pictures:
        Console(file=out, width=10_000).print(picture, highlight=False)

    assert missing(out.getvalue()) == []


@pytest.mark.parametrize("text", ["two\nlines", "\x1b[2J", "nul\0", "\x08\x08", "\ufffe", "\u202e"])
def test_what_has_no_sign_is_replaced(text: str) -> None:
    """A terminal gets no commands, and XML nothing that it has no place for."""
    out = StringIO()
    graph = GraphDocument(text, GRAPH.layers, GRAPH.nodes, GRAPH.edges, GRAPH.relations)
    Console(file=out).print(tree.render_tree(graph), highlight=False)
    first = out.getvalue().splitlines()[0]
    ElementTree.fromstring(svg.render_svg(graph))

    assert first.isprintable()
