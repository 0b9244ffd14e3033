"""Mermaid's own package reads and draws what is written for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cbx.render.mermaid import render_mermaid
from compiler.tests.graph.drawn import graph, model, source
from compiler.tests.graph.pages import cbx_graph, compile_circuit_box


@pytest.mark.parametrize("options", [(), ("--relationships",), ("--columns",)], ids=["lineage", "related", "columns"])
def test_mermaid_draws_circuit_box(draw_mermaid: Callable[[str], str], options: tuple[str, ...]) -> None:
    """As GitHub does in a Markdown file, with nothing but warnings for what it cannot read."""
    drawn = draw_mermaid(cbx_graph(compile_circuit_box(), "--format", "mermaid", *options))

    assert "customer_id" in drawn or "customer_order_summary" in drawn


def test_a_new_model_changes_no_line_of_others() -> None:
    """Ids are names, so that the diff of a diagram that was committed shows what was added."""
    nodes = [source("raw.events"), model("silver.events"), model("silver.visits")]
    reads = "source:raw.events => silver.events\nsilver.events -> silver.visits"
    before = render_mermaid(graph(nodes, reads)).splitlines()
    after = render_mermaid(graph([*nodes, model("silver.a_first_one")], reads)).splitlines()

    assert [line for line in before if line not in after and "class " not in line] == []


def test_names_of_one_id_are_told_apart() -> None:
    """Names differ in signs that ids have none of."""
    drawn = render_mermaid(graph([source("raw.events"), source("raw/events")], ""))

    assert [line.strip().partition("[")[0] for line in drawn.splitlines() if "external table" in line] == [
        "n_source_raw_events",
        "n_source_raw_events__2",
    ]
