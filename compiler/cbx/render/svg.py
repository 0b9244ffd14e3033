"""Renders the graph as SVG: a card for each model, a lane for each layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cbx.graph.graph_document import GraphDocument, Node
from cbx.render.labels import kind_in_words, text_width
from cbx.render.layout.layout import Box, Layout, Size, Spacing, lay_out
from cbx.render.name_lines import break_name, narrowest_width
from cbx.render.palette import layer_colours
from cbx.render.svg_parts import arrowhead, curve, label, picture, text

COLUMN_WIDTH = 830
"""The width of text on GitHub, in pixels: a wider picture is made smaller there, with its texts."""

_MARGIN = 10.0
_HEAD = 44.0
_FOOT = 48.0
_NAME, _SMALL = 13.0, 12.0
_LINE = 16.0
_BESIDE = 24


class _Cards(NamedTuple):
    """How cards are drawn: the most lines of names and of kinds, the distances, and the width of the texts."""

    name_lines: int
    kind_lines: int
    spacing: Spacing
    width: float = 0.0

    @property
    def size(self) -> Size:
        return Size(self.width + _BESIDE, (self.name_lines + self.kind_lines) * _LINE + 18)


_NARROW = Spacing(rank=24, row=14, lane=6)
_STYLES = (_Cards(1, 1, Spacing()), _Cards(1, 1, _NARROW), _Cards(2, 1, _NARROW), _Cards(3, 2, _NARROW))
"""From the widest; the first is drawn that fits into a column of text."""


def lay_out_lineage(document: GraphDocument) -> tuple[_Cards, Layout]:
    """Place the cards of all nodes, with a lane for each layer, as narrow as a column of text needs them."""
    place = {layer: number for number, layer in enumerate(document.lanes)}
    for style in _STYLES:
        cards = style._replace(width=_text_width(document, style))
        layout = lay_out(
            {node.id: cards.size for node in document.nodes},
            [(edge.source, edge.target) for edge in document.edges],
            {node.id: place[node.layer] for node in document.nodes},
            cards.spacing,
        )
        if layout.width + 2 * _MARGIN <= COLUMN_WIDTH:
            break
    return cards, layout


def _text_width(document: GraphDocument, cards: _Cards) -> float:
    """The width of the texts of all cards, so that most names fit."""
    names = (narrowest_width(node.name, _NAME, cards.name_lines, is_bold=True) for node in document.nodes)
    kinds = (narrowest_width(kind_in_words(node), _SMALL, cards.kind_lines) for node in document.nodes)
    return min(max(*names, *kinds, 80) if document.nodes else 80, 240)


def render_svg(document: GraphDocument) -> str:
    """The picture, with a legend below it."""
    cards, layout = lay_out_lineage(document)
    width, height = max(layout.width, 460) + 2 * _MARGIN, layout.height + _HEAD + _FOOT + 2 * _MARGIN
    counted = f"{len(document.nodes)} nodes and {len(document.edges)} edges"
    parts = _parts(document, cards, layout, height)
    return picture(parts, width, height, f"Lineage of {document.project}", counted, layer_colours(document.lanes))


def _parts(document: GraphDocument, cards: _Cards, layout: Layout, height: float) -> Iterator[str]:
    numbers = {layer: number for number, layer in enumerate(document.lanes)}
    for layer, (left, right) in zip(document.lanes, layout.lanes, strict=True):
        count = sum(node.layer == layer for node in document.nodes)
        yield (
            f'<rect class="tint{numbers[layer]}" x="{left + _MARGIN:.1f}" y="{_MARGIN}" width="{right - left:.1f}" '
            f'height="{height - _FOOT - 1.5 * _MARGIN:.1f}" rx="14"/>'
        )
        x, y, name = left + _MARGIN + 11, _MARGIN + 26, layer.upper()
        yield label(name, x, y, f"lane-name fill{numbers[layer]}", 12, right - left - 20)
        if text_width(f"{name} {count}", 12, is_bold=True) < right - left - 20:
            yield label(str(count), right + _MARGIN - 11, y, "small faint", 12, 60, at_end=True)
    yield f'<g transform="translate({_MARGIN} {_MARGIN + _HEAD})">'
    for edge in document.edges:
        route = layout.routes[edge.source, edge.target]
        mode = " stream" if edge.mode == "stream" else ""
        words = text(f"{edge.target} reads {edge.source}{' as a stream' if mode else ''}")
        yield f'<g><title>{words}</title><path class="edge{mode}" d="{curve(route)}"/>'
        yield f"{arrowhead(route, f'head{mode}')}</g>"
    for node in document.nodes:
        yield _card(node, cards, layout.boxes[node.id], numbers[node.layer])
    yield "</g>"
    yield from _legend(_MARGIN + 4, height - _MARGIN - 4)


def _card(node: Node, cards: _Cards, box: Box, number: int) -> str:
    title = ". ".join(filter(None, (node.id, kind_in_words(node), node.description)))
    dashed = "" if node.is_model else ' stroke-dasharray="4 3"'
    bar = f'<rect class="fill{number}" x="7" y="10" width="3.5" height="{box.height - 20:.1f}" rx="1.75"/>'
    names = break_name(node.name, _NAME, cards.width, is_bold=True)[: cards.name_lines]
    kinds = break_name(kind_in_words(node), _SMALL, cards.width)[: cards.kind_lines]
    y = (box.height - (len(names) + len(kinds)) * _LINE) / 2 - 4
    lines = [
        *(label(name, 16, y + _LINE * (place + 1), "name ink", _NAME, cards.width) for place, name in enumerate(names)),
        *(
            label(kind, 16, y + _LINE * (len(names) + place + 1), "small faint", _SMALL, cards.width)
            for place, kind in enumerate(kinds)
        ),
    ]
    frame = f'<rect class="card" width="{box.width:.1f}" height="{box.height:.1f}" rx="9"{dashed}/>'
    place = f"translate({box.x:.1f} {box.y:.1f})"
    return f'<g transform="{place}"><title>{text(title)}</title>{frame}{bar}{"".join(lines)}</g>'


def _legend(x: float, y: float) -> Iterator[str]:
    for offset, mode, words in ((0, "", "reads all rows (batch)"), (205, " stream", "reads new rows (stream)")):
        left, right = x + offset, x + offset + 30
        yield f'<path class="edge{mode}" d="M{left} {y}H{right}"/>'
        yield arrowhead(((left, y), (right + 4, y)), f"head{mode}")
        yield label(words, right + 12, y + 4, "small faint", 12, 180)
