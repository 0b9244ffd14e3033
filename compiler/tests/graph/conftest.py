"""The fixtures of the tests of graphs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.tests.graph.browser import browser, close_browser, draw_mermaid
from compiler.tests.graph.pages import circuit_box

__all__ = ["browser", "draw_mermaid"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """Close the browser behind the last test of this folder."""
    yield
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        close_browser()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of Circuit Box's page after a run."""
    return circuit_box(tmp_path_factory.mktemp("shop"))
