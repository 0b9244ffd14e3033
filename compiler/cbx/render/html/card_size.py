"""The size of the page's cards: narrow, with names on one or two lines."""

from __future__ import annotations

from collections.abc import Sequence

from cbx.graph.graph_document import GraphDocument
from cbx.render.labels import kind_in_words, text_width
from cbx.render.layout.layout import Size
from cbx.render.name_lines import narrowest_width

NAME_FONT, WORDS_FONT = 13.0, 12.5
"""In pixels, as in ``page.css``."""

_BESIDE = 30
_NARROWEST, _WIDEST = 128, 240
_WIDEST_OF_LINES = ((1, 156), (2, 200))
"""How wide cards may be before names get another line."""
_MOST_LINES = 3
_LINE, _PADDING = 17, 12


def card_size(document: GraphDocument, *, has_run: bool) -> tuple[Size, int]:
    """The size of all cards, and the most lines of a name: wide enough for each name and kind, within limits.

    Args:
        document: The graph.
        has_run: Whether cards have a line with the results of the last run.
    """
    names = [node.name for node in document.nodes]
    name_lines = next((lines for lines, widest in _WIDEST_OF_LINES if _width(names, lines) <= widest), _MOST_LINES)
    for_kinds = max((text_width(kind_in_words(node), WORDS_FONT) for node in document.nodes), default=0) + _BESIDE
    width = min(max(_width(names, name_lines), for_kinds, _NARROWEST), _WIDEST)
    return Size(round(width), (name_lines + 1 + has_run) * _LINE + _PADDING), name_lines


def _width(names: Sequence[str], lines: int) -> float:
    """The width of cards on which each name has at most a number of lines."""
    return max((narrowest_width(name, NAME_FONT, lines, is_bold=True) for name in names), default=0) + _BESIDE
