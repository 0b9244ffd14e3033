"""Renders the graph as SVG: a card for each model, a lane for each layer."""

from __future__ import annotations

from collections.abc import Iterator

from cbx.graph.graph_document import GraphDocument, Node
from cbx.render.labels import kind_in_words, text_width
from cbx.render.layout.layout import Box, Layout, Size, lay_out
from cbx.render.palette import layer_colours
from cbx.render.svg_parts import arrowhead, curve, label, picture, text

CARD_HEIGHT = 52.0
_MARGIN = 24.0
_HEAD = 44.0
_FOOT = 48.0


def lay_out_lineage(document: GraphDocument) -> Layout:
    """Place the cards of all nodes, with a lane for each layer."""
    width = card_width(document)
    place = {layer: number for number, layer in enumerate(document.lanes)}
    return lay_out(
        {node.id: Size(width, CARD_HEIGHT) for node in document.nodes},
        [(edge.source, edge.target) for edge in document.edges],
        {node.id: place[node.layer] for node in document.nodes},
    )


def card_width(document: GraphDocument) -> float:
    """The width of all cards, so that most names fit."""
    widest = max((text_width(node.name, 13, is_bold=True) for node in document.nodes), default=0)
    return min(max(widest + 42, 168), 280)


def render_svg(document: GraphDocument) -> str:
    """The picture, with a legend below it."""
    layout = lay_out_lineage(document)
    width, height = max(layout.width, 460) + 2 * _MARGIN, layout.height + _HEAD + _FOOT + 2 * _MARGIN
    counted = f"{len(document.nodes)} nodes and {len(document.edges)} edges"
    parts = _parts(document, layout, height)
    return picture(parts, width, height, f"Lineage of {document.project}", counted, layer_colours(document.lanes))


def _parts(document: GraphDocument, layout: Layout, height: float) -> Iterator[str]:
    numbers = {layer: number for number, layer in enumerate(document.lanes)}
    for layer, (left, right) in zip(document.lanes, layout.lanes, strict=True):
        count = sum(node.layer == layer for node in document.nodes)
        yield (
            f'<rect class="tint{numbers[layer]}" x="{left + _MARGIN:.1f}" y="{_MARGIN}" width="{right - left:.1f}" '
            f'height="{height - _FOOT - 1.5 * _MARGIN:.1f}" rx="14"/>'
        )
        x, y = left + _MARGIN + 18, _MARGIN + 26
        yield label(layer.upper(), x, y, f"lane-name fill{numbers[layer]}", 11.8, right - left - 60)
        yield label(str(count), right + _MARGIN - 18, y, "small faint", 11, 60, at_end=True)
    yield f'<g transform="translate({_MARGIN} {_MARGIN + _HEAD})">'
    for edge in document.edges:
        route = layout.routes[edge.source, edge.target]
        mode = " stream" if edge.mode == "stream" else ""
        words = text(f"{edge.target} reads {edge.source}{' as a stream' if mode else ''}")
        yield f'<g><title>{words}</title><path class="edge{mode}" d="{curve(route)}"/>'
        yield f"{arrowhead(route, f'head{mode}')}</g>"
    for node in document.nodes:
        yield _card(node, layout.boxes[node.id], numbers[node.layer])
    yield "</g>"
    yield from _legend(_MARGIN + 4, height - _MARGIN - 4)


def _card(node: Node, box: Box, number: int) -> str:
    title = ". ".join(filter(None, (node.id, kind_in_words(node), node.description)))
    corner = 10 if node.is_model else box.height / 2
    inner = box.width - 40
    dashed = "" if node.is_model else ' stroke-dasharray="4 3"'
    bar = f'<rect class="fill{number}" x="12" y="14" width="3.5" height="{box.height - 28:.1f}" rx="1.75"/>'
    return (
        f'<g transform="translate({box.x:.1f} {box.y:.1f})"><title>{text(title)}</title>'
        f'<rect class="card" width="{box.width:.1f}" height="{box.height:.1f}" rx="{corner:.0f}"{dashed}/>{bar}'
        f"{label(node.name, 26, 22.5, 'name ink', 13, inner)}"
        f"{label(kind_in_words(node), 26, 39, 'small faint', 11, inner)}</g>"
    )


def _legend(x: float, y: float) -> Iterator[str]:
    for offset, mode, words in ((0, "", "reads all rows (batch)"), (190, " stream", "reads new rows (stream)")):
        left, right = x + offset, x + offset + 30
        yield f'<path class="edge{mode}" d="M{left} {y}H{right}"/>'
        yield arrowhead(((left, y), (right + 4, y)), f"head{mode}")
        yield label(words, right + 12, y + 4, "small faint", 11, 160)
