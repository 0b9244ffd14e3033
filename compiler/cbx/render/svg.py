"""Renders the graph as SVG: a card for each model, a lane for each layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cbx.graph.graph_document import GraphDocument, Node
from cbx.render.labels import kind_in_words, text_width
from cbx.render.layout.layout import Box, Layout, Size, Spacing, lay_out
from cbx.render.layout.turned import lay_out_downwards
from cbx.render.name_lines import break_name, narrowest_width
from cbx.render.palette import layer_colours
from cbx.render.svg_parts import COLUMN_WIDTH, arrowhead, curve, label, picture, text

_MARGIN = 10.0
_FOOT = 48.0
_NAME, _SMALL = 13.0, 12.0
_LINE = 16.0
_BESIDE = 24
_WIDEST = 240.0
_LANE_NAME = 22.0
"""The height of a lane's name."""


class _Cards(NamedTuple):
    """How cards are drawn: the most lines of names and of kinds, the distances, and the width of the texts."""

    name_lines: int
    kind_lines: int
    spacing: Spacing
    width: float = 0.0

    @property
    def size(self) -> Size:
        return Size(self.width + _BESIDE, (self.name_lines + self.kind_lines) * _LINE + 18)


class _LineagePicture(NamedTuple):
    """Where everything is: lanes are beside each other, or below each other if the picture points down."""

    cards: _Cards
    layout: Layout
    points_down: bool

    @property
    def top(self) -> float:
        """The room for the names of lanes above the first card."""
        return _LANE_NAME if self.points_down else 2 * _LANE_NAME


_NARROW = Spacing(rank=24, row=14, lane=6)
_STYLES = (_Cards(1, 1, Spacing()), _Cards(1, 1, _NARROW), _Cards(2, 1, _NARROW), _Cards(3, 2, _NARROW))
"""From the widest, which is drawn if it fits into a column of text."""

_DOWN = Spacing(rank=60, row=20, lane=12)
_STYLES_DOWN = (_Cards(2, 1, _DOWN), _Cards(3, 2, _DOWN))
_FEWEST_BESIDE = 4
"""How many cards must fit beside each other if narrower cards would do."""


def lay_out_lineage(document: GraphDocument) -> _LineagePicture:
    """Place the cards of all nodes, with a lane for each layer, in a picture that fits into a column of text.

    Lanes are beside each other. If they do not fit, they are below each other, with several rows of cards where needed.
    """
    place = {layer: number for number, layer in enumerate(document.lanes)}
    arrows = [(edge.source, edge.target) for edge in document.edges]
    lanes = {node.id: place[node.layer] for node in document.nodes}
    fitting = None
    for style in reversed(_STYLES):  # if the narrowest is too wide, no other need be tried
        cards, is_cut = _fit_texts(document, style)
        layout = lay_out({node.id: cards.size for node in document.nodes}, arrows, lanes, cards.spacing)
        if is_cut or layout.width + 2 * _MARGIN > COLUMN_WIDTH:
            break
        fitting = _LineagePicture(cards, layout, points_down=False)
    if fitting is not None:
        return fitting
    room = COLUMN_WIDTH - 2 * _MARGIN - 2 * _DOWN.lane
    for style in _STYLES_DOWN:
        cards, is_cut = _fit_texts(document, style)
        if not is_cut and _FEWEST_BESIDE * (cards.size.width + _DOWN.row) - _DOWN.row <= room:
            break
    sizes = {node.id: cards.size for node in document.nodes}
    return _LineagePicture(cards, lay_out_downwards(sizes, arrows, lanes, cards.spacing, room), points_down=True)


def _fit_texts(document: GraphDocument, cards: _Cards) -> tuple[_Cards, bool]:
    """The style with the width of the texts of all cards, and whether some are cut."""
    names = (narrowest_width(node.name, _NAME, cards.name_lines, is_bold=True) for node in document.nodes)
    kinds = (narrowest_width(kind_in_words(node), _SMALL, cards.kind_lines) for node in document.nodes)
    width = max((80.0, *names, *kinds))
    return cards._replace(width=min(width, _WIDEST)), width > _WIDEST


def render_svg(document: GraphDocument) -> str:
    """The picture, with a legend below it."""
    lineage = lay_out_lineage(document)
    layout = lineage.layout
    beside = 2 * _DOWN.lane if lineage.points_down else 0
    width = max(layout.width + beside, 460) + 2 * _MARGIN
    height = layout.height + lineage.top + _FOOT + 2 * _MARGIN
    counted = f"{len(document.nodes)} nodes and {len(document.edges)} edges"
    parts = _parts(document, lineage, width, height)
    return picture(parts, width, height, f"Lineage of {document.project}", counted, layer_colours(document.lanes))


def _parts(document: GraphDocument, lineage: _LineagePicture, width: float, height: float) -> Iterator[str]:
    cards, layout, points_down = lineage
    numbers = {layer: number for number, layer in enumerate(document.lanes)}
    lanes = [_lane(lineage, borders, width, height) for borders in layout.lanes]
    for number, lane in enumerate(lanes):
        yield (
            f'<rect class="tint{number}" x="{lane.x:.1f}" y="{lane.y:.1f}" width="{lane.width:.1f}" '
            f'height="{lane.height:.1f}" rx="14"/>'
        )
    left = (width - layout.width) / 2 if points_down else _MARGIN
    yield f'<g transform="translate({left:.1f} {_MARGIN + lineage.top})">'
    for edge in document.edges:
        route = layout.routes[edge.source, edge.target]
        mode = " stream" if edge.mode == "stream" else ""
        words = text(f"{edge.target} reads {edge.source}{' as a stream' if mode else ''}")
        yield f'<g><title>{words}</title><path class="edge{mode}" d="{curve(route)}"/>'
        yield f"{arrowhead(route, f'head{mode}')}</g>"
    for node in document.nodes:
        yield _card(node, cards, layout.boxes[node.id], numbers[node.layer])
    yield "</g>"
    for layer, lane in zip(document.lanes, lanes, strict=True):
        count = sum(node.layer == layer for node in document.nodes)
        yield from _lane_name(layer.upper(), count, numbers[layer], lane, are_together=points_down)
    yield from _legend(_MARGIN + 4, height - _MARGIN - 4)


def _lane(lineage: _LineagePicture, borders: tuple[float, float], width: float, height: float) -> Box:
    """The rectangle behind the cards of a lane, with room for its name."""
    start, end = borders
    if lineage.points_down:
        return Box(_MARGIN, start + _MARGIN, width - 2 * _MARGIN, end - start + _LANE_NAME)
    return Box(start + _MARGIN, _MARGIN, end - start, height - _FOOT - 1.5 * _MARGIN)


def _lane_name(name: str, count: int, number: int, lane: Box, *, are_together: bool) -> Iterator[str]:
    """The name of a lane, and how many nodes it has; lines pass behind them."""
    x, y, room = lane.x + 11, lane.y + (_LANE_NAME if are_together else 26), lane.width - 20
    halo = " halo" if are_together else ""
    yield label(name, x, y, f"lane-name fill{number}{halo}", 12, room)
    width = text_width(name, 12, is_bold=True)
    if text_width(f"{name} {count}", 12, is_bold=True) >= room:
        return
    if are_together:
        yield label(str(count), x + width * 1.1 + 8, y, "small faint halo", 12, 60)
    else:
        yield label(str(count), lane.right - 11, y, "small faint", 12, 60, at_end=True)


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
