"""A browser for the tests of what is drawn; where there is none, they are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_MERMAID = Path(__file__).parent / "vendor" / "mermaid"
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for path in map(shutil.which, _NAMES) if path is not None), None)
"""The Chromium of the machine. The one without windows needs a third of the time for a page."""


_running = ExitStack()
"""Closes the browser, if one is open."""


@cache
def open_browser() -> Browser:
    """The Chromium of the machine, as Debian's packages bring it; Playwright's own is not downloaded.

    While it is open, no test may start an event loop: `close_browser` ends it after the tests of the folder.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium-headless-shell)")
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright (pip install playwright)")
    started = _running.enter_context(playwright.sync_playwright())
    chromium: Browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    _running.callback(chromium.close)
    return chromium


def close_browser() -> None:
    """Close the browser; the next test that needs one opens another."""
    open_browser.cache_clear()
    _running.close()


@pytest.fixture(scope="module")
def browser() -> Browser:
    """A browser, which starts once for the tests of the folder."""
    return open_browser()


@pytest.fixture(scope="module")
def draw_mermaid(browser: Browser) -> Iterator[Callable[[str], str]]:
    """Draws what is written for Mermaid, with its own package, as an SVG; no text may run as code meanwhile."""
    with open_page(browser) as page:
        page.add_script_tag(path=next(_MERMAID.glob("mermaid-*.min.js")))
        yield lambda text: page.evaluate("async text => (await mermaid.render('drawn', text)).svg", text)

        assert page.evaluate("window.hacked") is None


@contextmanager
def open_page(browser: Browser, **settings: Any) -> Iterator[Page]:
    """A page of its own, which may say nothing in the console and ask nothing of any host.

    Args:
        browser: The browser.
        settings: Of the page, such as ``color_scheme="dark"`` or ``viewport={"width": 400, "height": 700}``.
    """
    context = browser.new_context(**settings)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url) if not request.url.startswith(_LOCAL) else None)
    yield page
    context.close()

    assert problems == []


_LOCAL = ("file:", "data:", "blob:", "about:")
