"""Measures the page of a large graph: writing it, its size, opening it, and moving the map, in the machine's Chromium.

Usage: ``python -m compiler.benchmarks.page [MODELS]``, default 10000. Times in the browser are those that the page's
thread computes, which other work on the machine does not change; the clock's time is beside them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

from compiler.tests.graph.browser import CHROMIUM
from compiler.tests.graph.pages import large

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

_FRAMES = 40
_DRAG = """async frames => {
  const map = document.getElementById("map");
  const at = step => ({ clientX: 700 + 7 * step, clientY: 400 + 3 * step, bubbles: true, view: window, button: 0 });
  map.dispatchEvent(new MouseEvent("mousedown", at(0)));
  for (let step = 0; step < frames; step++) {
    window.dispatchEvent(new MouseEvent("mousemove", at(step)));
    await new Promise(requestAnimationFrame);
  }
  window.dispatchEvent(new MouseEvent("mouseup", at(frames)));
}"""
_WHEEL = """async ([frames, delta]) => {
  const map = document.getElementById("map");
  for (let step = 0; step < frames; step++) {
    map.dispatchEvent(new WheelEvent("wheel", { deltaY: delta, clientX: 700, clientY: 400, cancelable: true }));
    await new Promise(requestAnimationFrame);
  }
}"""


def main(models: int) -> None:
    """Print a line for each thing that somebody does with the page."""
    with sync_playwright() as playwright:
        started = time.process_time()
        address = large(models)
        size = len(urlopen(address).read()) / 1e6
        print(f"{models} models: written in {time.process_time() - started:.1f} s of CPU, {size:.1f} MB")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        meter = page.context.new_cdp_session(page)
        meter.send("Performance.enable", {"timeDomain": "threadTicks"})
        for name, frames, act in _steps(page, address):
            _print(name, frames, _measure(meter, act))
        browser.close()


def _steps(page: Page, address: str) -> list[tuple[str, int, Callable[[], Any]]]:
    """What is done, in how many frames."""

    def opening() -> None:
        page.goto(address)
        page.wait_for_selector("html[data-ready]")

    def showing_all() -> None:
        page.click("#fit")
        page.wait_for_selector("#map.far")
        page.wait_for_timeout(600)

    def searching() -> None:
        page.fill("#query", "silver.t77")
        page.press("#query", "Enter")
        page.wait_for_selector("#panel:not([hidden])")

    return [
        ("open", 1, opening),
        ("show all", 1, showing_all),
        ("pan from far away", _FRAMES, lambda: page.evaluate(_DRAG, _FRAMES)),
        ("zoom in", _FRAMES, lambda: page.evaluate(_WHEEL, [_FRAMES, -60])),
        ("pan near by", _FRAMES, lambda: page.evaluate(_DRAG, _FRAMES)),
        ("zoom out", _FRAMES, lambda: page.evaluate(_WHEEL, [_FRAMES, 60])),
        ("search and open", 1, searching),
    ]


def _measure(meter: CDPSession, act: Callable[[], Any]) -> tuple[float, float]:
    """Seconds that the page's thread computed, and that went by."""

    def computed_seconds() -> float:
        metrics = meter.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")

    before, started = computed_seconds(), time.perf_counter()
    act()
    return computed_seconds() - before, time.perf_counter() - started


def _print(name: str, frames: int, seconds: tuple[float, float]) -> None:
    unit = "ms" if frames == 1 else "ms a frame"
    computed, passed = (1000 * elapsed / frames for elapsed in seconds)
    print(f"  {name:<20}{computed:8.1f} {unit:<12}{passed:10.1f} by the clock")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
