"""Renders the relationships between models as SVG, with crow's feet (Everest, 1976; Barker's notation of ends).

A double bar is "exactly one", a circle and a bar "zero or one", a circle and a crow's foot "zero or more". A line is
solid if the relationship is proven, and dashed if it is only checked on the data.
"""

from __future__ import annotations

from collections.abc import Iterator

from cbx.graph.graph_document import GraphDocument
from cbx.render.labels import on_in_words, text_width
from cbx.render.layout.layout import Point
from cbx.render.palette import layer_colours
from cbx.render.relationship_layout import HEAD, ROW, TYPE_WIDTH, Entity, RelationLine, Row, lay_out_relationships
from cbx.render.svg_parts import COLUMN_WIDTH, curve, label, picture, text

_MARGIN = 28.0
"""Of the picture, in pixels."""
_FOOT = 52.0
_NARROWEST = 770.0


def render_svg_relationships(document: GraphDocument) -> str:
    """The picture, with a legend below it."""
    diagram = lay_out_relationships(document, COLUMN_WIDTH - 2 * _MARGIN)
    numbers = {layer: number for number, layer in enumerate(document.lanes)}
    body = [
        f'<g transform="translate({_MARGIN} {_MARGIN})">',
        *map(_line, diagram.lines),
        *(_entity(entity, numbers[entity.node.layer]) for entity in diagram.entities),
        "</g>",
        *_legend(_MARGIN, diagram.height + _MARGIN + 34),
    ]
    counted = f"{len(document.relations)} relationships"
    title = f"Relationships of {document.project}"
    size = max(diagram.width, _NARROWEST) + 2 * _MARGIN, diagram.height + _FOOT + 2 * _MARGIN
    return picture(body, *size, title, counted, layer_colours(document.lanes))


def _entity(entity: Entity, number: int) -> str:
    node, box = entity.node, entity.box
    keys = "; ".join(f"key {', '.join(key.columns)} {key.verdict or ''}" for key in node.keys) or "no key"
    lines = [
        f'<g transform="translate({box.x:.1f} {box.y:.1f})">',
        f"<title>{text(f'{node.id}, {keys}')}</title>",
        f'<rect class="card" width="{box.width:.1f}" height="{box.height:.1f}" rx="10"/>',
        f'<rect class="fill{number}" x="12" y="12" width="3.5" height="17" rx="1.75"/>',
        label(node.id, 24, 25.5, "name ink", 13, box.width - 36),
        f'<path class="rule" d="M0 {HEAD - 1}H{box.width:.1f}"/>',
    ]
    for place, row in enumerate(entity.rows):
        y = HEAD + 4 + ROW * place + ROW / 2
        lines.append(_badge(row, y, number))
        room = box.width - 92 - min(text_width(row.type, 12), TYPE_WIDTH)
        weight = "name ink" if row.key else "small faint" if row.role == "more" else "ink"
        lines.append(label(row.name, 68, y + 4.5, weight, 12.5, room))
        if row.type:
            lines.append(label(row.type, box.width - 14, y + 4, "small faint", 12, TYPE_WIDTH, at_end=True))
    return "".join([*lines, "</g>"])


def _badge(row: Row, y: float, number: int) -> str:
    """PK or UK, filled if the key is proven, else with a dashed border; FK without a border."""
    shown = "·".join([row.key] * bool(row.key) + ["FK"] * row.refers)
    if not shown:
        return ""
    width = 50 if row.key and row.refers else 28
    x = 12
    words = f'x="{x + width / 2:.1f}" y="{y + 4.2:.1f}" text-anchor="middle" style="font-size:12px;font-weight:700"'
    if not row.key:
        return f'<text class="faint" {words}>{shown}</text>'
    frame = f'x="{x:.1f}" y="{y - 8:.1f}" width="{width}" height="16" rx="4"'
    if row.is_proven:
        return f'<rect class="fill{number}" {frame}/><text class="mark" {words}>{shown}</text>'
    return (
        f'<rect class="line{number}" fill="none" stroke-dasharray="3 2" {frame}/>'
        f'<text class="fill{number}" {words}>{shown}</text>'
    )


def _line(line: RelationLine) -> str:
    """The line of a relationship, with its two ends."""
    relation, route = line.relation, line.route
    draw_start, draw_end = _ENDS[relation.parent_end], _ENDS[relation.child_end]
    cardinality = relation.cardinality.replace("_", " ")
    title = f"{relation.parent} to {relation.child}: {cardinality} on {on_in_words(relation)}, {relation.verdict}"
    proof = "" if relation.verdict == "proven" else " unproven"
    return (
        f'<g><title>{text(title)}</title><path class="edge relation{proof}" d="{curve(route)}"/>'
        f"{draw_start(route[0], route[1])}{draw_end(route[-1], route[-2])}</g>"
    )


def _away(end: Point, before: Point) -> int:
    return 1 if before[0] >= end[0] else -1


def _one(end: Point, before: Point) -> str:
    (x, y), away = end, _away(end, before)
    return (
        f'<path class="edge relation" d="M{x + 8 * away:.1f} {y - 6.5:.1f}v13M{x + 13 * away:.1f} {y - 6.5:.1f}v13"/>'
    )


def _one_or_none(end: Point, before: Point) -> str:
    (x, y), away = end, _away(end, before)
    return (
        f'<path class="edge relation" d="M{x + 8 * away:.1f} {y - 6.5:.1f}v13"/>'
        f'<circle class="edge relation paper" cx="{x + 17 * away:.1f}" cy="{y:.1f}" r="4.5"/>'
    )


def _many(end: Point, before: Point) -> str:
    (x, y), away = end, _away(end, before)
    return (
        f'<path class="edge relation" d="M{x + 12 * away:.1f} {y:.1f}L{x:.1f} {y - 7:.1f}M{x + 12 * away:.1f} {y:.1f}'
        f'L{x:.1f} {y + 7:.1f}"/><circle class="edge relation paper" cx="{x + 17 * away:.1f}" cy="{y:.1f}" r="4.5"/>'
    )


_ENDS = {"exactly one": _one, "zero or one": _one_or_none, "zero or more": _many}


def _legend(x: float, y: float) -> Iterator[str]:
    """The meaning of ends, lines and badges."""
    for words, draw in _ENDS.items():
        yield f'<path class="edge relation" d="M{x} {y}h34"/>{draw((x + 34, y), (x, y))}'
        yield label(words, x + 44, y + 4, "small faint", 12, 96)
        x += 140
    for words, is_proven in (("proven", True), ("checked on the data", False)):
        yield f'<path class="edge relation{"" if is_proven else " unproven"}" d="M{x} {y}h30"/>'
        yield f'<g transform="translate({x + 26} 0)">{_badge(Row("", "", "PK", is_proven), y, 0)}</g>'
        yield label(words, x + 72, y + 4, "small faint", 12, 150)
        x += 128
