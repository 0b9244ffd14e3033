"""No line of the map runs behind a card that it does not belong to: it would look like one of its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.tests.graph.looking import await_address, showing
from compiler.tests.graph.pages import large

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BEHIND = """() => {
  const boxes = [...document.querySelectorAll("#boxes > a")].map(element => element.box);
  const behind = [];
  const lines = [...document.querySelectorAll("#lines .line")];
  for (const element of lines) {
    const { source, target } = element.line;
    const others = boxes.filter(box => box.node !== source && box.node !== target);
    const [start, ...pieces] = element.querySelector(".way").getAttribute("d").slice(1).split("Q");
    let [x, y] = start.split(" ").map(Number);
    for (const piece of pieces) {
      const [cx, cy, ex, ey] = piece.split(" ").map(Number);
      for (let at = 0; at <= 1; at += 1 / 16) {
        const between = (a, b, c) => (1 - at) ** 2 * a + 2 * at * (1 - at) * b + at ** 2 * c;
        const [px, py] = [between(x, cx, ex), between(y, cy, ey)];
        if (others.some(box => px > box.x && px < box.x + box.width && py > box.y && py < box.y + box.height))
          behind.push([source, target]);
      }
      [x, y] = [ex, ey];
    }
  }
  return [lines.length, behind];
}"""


@pytest.mark.parametrize("models", [30, 600, pytest.param(3000, marks=pytest.mark.slow)])
def test_no_line_runs_behind_a_foreign_card(browser: Browser, models: int) -> None:
    """Wherever the map is, and in the lineage of a single model or of its columns."""
    drawn = 0
    with showing(browser, large(models)) as page:
        for view, number in (("lineage", models // 4), ("lineage", 0), ("focus", 0), ("columns", 0)):
            page.evaluate("link => { location.hash = link }", f"#/{view}/gold.t{number}")
            page.wait_for_selector(f"#boxes [data-id='gold.t{number}'].selected")
            await_address(page)
            lines, behind = page.evaluate(BEHIND)
            drawn += lines

            assert behind == []

    assert drawn > 9
