"""The size of the page's cards: narrow, with names on one or two lines."""

from __future__ import annotations

from cbx.graph.graph_document import GraphDocument
from cbx.render.labels import kind_in_words, text_width
from cbx.render.layout.layout import Size
from cbx.render.name_lines import narrowest_width

NAME_FONT, WORDS_FONT = 13.0, 12.5
"""In pixels, as in ``page.css``."""

_BESIDE = 30
_NARROWEST, _WIDEST, _WIDEST_OF_ONE_LINE = 128, 200, 156
_LINE, _PADDING = 17, 12


def card_size(document: GraphDocument, *, has_run: bool) -> Size:
    """The size of all cards: wide enough for two lines of each name and for each kind, within limits.

    Args:
        document: The graph.
        has_run: Whether cards have a line with the results of the last run.
    """
    names = [node.name for node in document.nodes]
    on_one_line = max(map(_name_width, names), default=0) + _BESIDE
    has_long_names = on_one_line > _WIDEST_OF_ONE_LINE
    for_names = (
        max(narrowest_width(name, NAME_FONT, 2, is_bold=True) for name in names) + _BESIDE
        if has_long_names
        else on_one_line
    )
    for_kinds = max((text_width(kind_in_words(node), WORDS_FONT) for node in document.nodes), default=0) + _BESIDE
    width = min(max(for_names, for_kinds, _NARROWEST), _WIDEST)
    return Size(round(width), (2 + has_long_names + has_run) * _LINE + _PADDING)


def _name_width(name: str) -> float:
    return text_width(name, NAME_FONT, is_bold=True)
