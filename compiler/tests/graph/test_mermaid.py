"""Mermaid's own package reads and draws what is written for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cbx.cli.app import app
from compiler.tests.graph.browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[3]
MERMAID = next((Path(__file__).parent / "vendor" / "mermaid").glob("mermaid-*.min.js"))
DRAW = "async text => (await mermaid.render('drawn', text)).svg"


@pytest.mark.parametrize("options", [(), ("--relationships",), ("--columns",)], ids=["lineage", "related", "columns"])
def test_mermaid_draws_circuit_box(browser: Browser, options: tuple[str, ...]) -> None:
    """As GitHub does in a Markdown file, with nothing but warnings for what it cannot read."""
    text = CliRunner().invoke(app, ["graph", "--format", "mermaid", *options, "--project", str(ROOT)]).stdout
    with opened(browser) as page:
        page.add_script_tag(path=MERMAID)
        drawn = page.evaluate(DRAW, text)

    assert "customer_id" in drawn or "customer_order_summary" in drawn
