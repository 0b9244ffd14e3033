"""Takes the pictures of the HTML page that the documentation shows: Circuit Box after `make demo`.

Usage: ``python -m compiler.tests.graph.screenshots STATE``, with the state folder of the run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from compiler.tests.graph.browser import CHROMIUM

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH = 1440
SHOTS = {
    "graph-page": ("#/lineage", [], 800),
    "graph-lineage": ("#/columns/silver.orders/columns/item_price", ["#toggle-side", "#fit"], 800),
    "graph-relationships": ("#/relationships/silver.customers", ["#fit"], 1300),
}
"""The place that each shows, what is clicked there first, and the height of the window."""


def main(state: Path) -> None:
    """Write every picture in light and in dark."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "graph.html"
        subprocess.run([sys.executable, "-m", "cbx", "graph", "--state", state, "--output", page], check=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for name, (fragment, clicks, height) in SHOTS.items():
                shot = browser.new_page(
                    viewport={"width": WIDTH, "height": height}, color_scheme=scheme, reduced_motion="reduce"
                )
                shot.goto(f"{page.as_uri()}{fragment}")
                shot.wait_for_selector("html[data-ready]")
                for selector in clicks:
                    shot.click(selector)
                    shot.wait_for_timeout(200)
                shot.mouse.move(0, 0)
                shot.wait_for_timeout(300)
                shot.screenshot(path=IMAGES / f"{name}-{scheme}.png")
                shot.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
