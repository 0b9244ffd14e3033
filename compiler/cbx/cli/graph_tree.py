"""Lays out the tree of ``cbx graph`` for a terminal: names are not broken, details go on below them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from cbx.cli.display.terminal_text import text_width, wrap_words

if TYPE_CHECKING:
    from rich.console import Group

_BAR, _BELOW = "│   ", "    "
_LEAST = 20
"""The width that a deep branch has at least."""


def tree_lines(picture: Group, width: int | None) -> Iterator[Text]:
    """The lines of trees and texts.

    Args:
        picture: The trees and texts.
        width: The width of the terminal; None for lines of any length.
    """
    for part in picture.renderables:
        if isinstance(part, Tree):
            yield from _branches(part, width)
        elif isinstance(part, Text):
            yield from _wrap(part, width)


def _branches(tree: Tree, width: int | None) -> Iterator[Text]:
    """A tree, depth first, without recursion, since a pipeline may be long."""
    waiting = [(tree, "", "")]
    while waiting:
        node, first, rest = waiting.pop()
        assert isinstance(node.label, Text)  # noqa: S101 - labels are made by `render.tree`
        room = None if width is None else max(width - text_width(first) - len(_BELOW), _LEAST)
        below = f"{rest}{_BAR if node.children else _BELOW}"
        for place, line in enumerate(_wrap(node.label, room)):
            yield Text(below if place else first, style="dim").append_text(line)
        ends = [("├── ", _BAR)] * (len(node.children) - 1) + [("└── ", _BELOW)]
        branches = [(child, rest + start, rest + end) for child, (start, end) in zip(node.children, ends, strict=False)]
        waiting += reversed(branches)


def _wrap(text: Text, width: int | None) -> Iterator[Text]:
    """A text as lines that end between words, with its styles."""
    start = 0
    for part in wrap_words(text.plain, width):
        yield text[start : start + len(part)]
        start += len(part) + 1
