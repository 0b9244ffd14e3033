"""The fixtures of the tests of graphs."""

from compiler.tests.graph.browser import browser

__all__ = ["browser"]
