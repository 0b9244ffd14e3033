"""The fixtures of the tests of graphs."""

from __future__ import annotations

import pytest

from compiler.tests.graph.browser import browser, draw_mermaid
from compiler.tests.graph.pages import circuit_box

__all__ = ["browser", "draw_mermaid"]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of Circuit Box's page after a run."""
    return circuit_box(tmp_path_factory.mktemp("shop"))
