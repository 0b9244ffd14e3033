"""The relationships between models as an SVG picture, with crow's feet (Everest, 1976; Barker's notation of ends).

A double bar is "exactly one", a circle and a bar "one or none", a circle and a crow's foot "any number". A line is
whole where the relationship is proven, and broken where it is only checked on the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cbx.graph_document import GraphDocument, Node, Relation
from cbx.render.layout.layout import Box, Layout, Point, Size, Spacing, lay_out
from cbx.render.palette import layer_colours
from cbx.render.svg_parts import curve, label, picture, text
from cbx.render.words import text_width

_ROW = 23.0
_HEAD = 40.0
_MARGIN = 28.0
_FOOT = 40.0
_MOST_ROWS = 9
_TYPE_WIDTH = 110.0
_SPACING = Spacing(rank=150, row=36)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a picture that can be shown without the others.

    Attributes:
        id: The model's id; empty for a line.
        box: Where it is: left, top, width and height.
        svg: The element.
    """

    id: str
    box: tuple[float, float, float, float]
    svg: str


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    type: str
    mark: str
    classes: str


def render_svg_relationships(document: GraphDocument) -> str:
    """The whole picture, with a legend below."""
    parts, width, height = relationship_parts(document)
    legend = "".join(_legend(_MARGIN, height + _MARGIN + 20))
    body = [f'<g transform="translate({_MARGIN} {_MARGIN})">', *(part.svg for part in parts), "</g>", legend]
    counted = f"{len(document.relations)} relationships"
    title = f"Relationships of {document.project}"
    size = max(width, 620) + 2 * _MARGIN, height + _FOOT + 2 * _MARGIN
    return picture(body, *size, title, counted, layer_colours(document.lanes))


def relationship_parts(document: GraphDocument) -> tuple[list[Part], float, float]:
    """The pieces of the picture, lines first, and how wide and high it is."""
    related = {one for relation in document.relations for one in (relation.parent, relation.child)}
    nodes = [node for node in document.nodes if node.id in related]
    rows = {node.id: _rows(node, document.relations) for node in nodes}
    sizes = {node.id: _size(node, rows[node.id]) for node in nodes}
    arrows = list(dict.fromkeys((one.parent, one.child) for one in document.relations))
    layout = lay_out(sizes, arrows, dict.fromkeys(sizes, 0), _SPACING)
    numbers = {layer: number for number, layer in enumerate(document.lanes)}
    lines = [_line(one, layout, rows, _siblings(document, one)) for one in document.relations]
    entities = [_entity(node, layout.boxes[node.id], rows[node.id], numbers[node.layer]) for node in nodes]
    return [*lines, *entities], layout.width, layout.height


def _siblings(document: GraphDocument, one: Relation) -> int:
    """The place of a relationship among those of the same two models, which must not lie on each other."""
    return [other for other in document.relations if (other.parent, other.child) == (one.parent, one.child)].index(one)


def _rows(node: Node, relations: tuple[Relation, ...]) -> list[_Row]:
    """The columns of the key first, then those that refer to others, then as many more as there is room for."""
    references = {child for one in relations if one.child == node.id for child, _ in one.on}
    types = {one.name: one.type or "" for one in node.columns}
    further = [one for one in references if one not in node.key]
    ordered = dict.fromkeys([*node.key, *sorted(further), *(one.name for one in node.columns)])
    verdict = "proven" if node.key_verdict == "proven" else "unproven"
    found = []
    for name in ordered:
        is_key, refers = name in node.key, name in references
        mark = " ".join(["PK"] * is_key + ["FK"] * refers)
        found.append(_Row(name, types.get(name, ""), mark, f"key {verdict}" if is_key else "fk" if refers else ""))
    if len(found) > _MOST_ROWS:
        kept = max(_MOST_ROWS - 1, sum(bool(row.mark) for row in found))
        found = [*found[:kept], *([_Row(f"{len(found) - kept} more", "", "", "more")] if kept < len(found) else [])]
    return found


def _size(node: Node, rows: list[_Row]) -> Size:
    names = max((text_width(row.name, 12.5, is_bold=bool(row.mark)) for row in rows), default=0)
    types = max((min(text_width(row.type, 11), _TYPE_WIDTH) for row in rows), default=0)
    width = max(names + types + 84, text_width(node.id, 13, is_bold=True) + 40, 190)
    return Size(min(width, 380), _HEAD + _ROW * len(rows) + 8)


def _entity(node: Node, box: Box, rows: list[_Row], number: int) -> Part:
    proof = f" key {', '.join(node.key)} {node.key_verdict or ''}" if node.key else " no key"
    lines = [
        f'<g class="entity" data-id="{text(node.id)}" transform="translate({box.x:.1f} {box.y:.1f})">',
        f"<title>{text(f'{node.id},{proof}')}</title>",
        f'<rect class="card" width="{box.width:.1f}" height="{box.height:.1f}" rx="10"/>',
        f'<rect class="fill{number}" x="12" y="12" width="3.5" height="17" rx="1.75"/>',
        label(node.id, 24, 25.5, "name ink", 13, box.width - 36),
        f'<path class="rule" d="M0 {_HEAD - 1}H{box.width:.1f}"/>',
    ]
    for place, row in enumerate(rows):
        y = _HEAD + 4 + _ROW * place + _ROW / 2
        lines.append(_badge(row, y, number))
        room = box.width - 74 - min(text_width(row.type, 11), _TYPE_WIDTH)
        weight = "name ink" if row.classes.startswith("key") else "small faint" if row.classes == "more" else "ink"
        lines.append(label(row.name, 52, y + 4.5, weight, 12.5, room))
        if row.type:
            lines.append(label(row.type, box.width - 14, y + 4, "small faint", 11, _TYPE_WIDTH, at_end=True))
    return Part(node.id, (box.x, box.y, box.width, box.height), "".join([*lines, "</g>"]))


def _badge(row: _Row, y: float, number: int) -> str:
    """PK on a full ground where the key is proven, within a broken line where it is not; FK without a ground."""
    if not row.mark:
        return ""
    width = 34 if " " in row.mark else 26
    x = 12
    words = f'x="{x + width / 2:.1f}" y="{y + 3.2:.1f}" text-anchor="middle" style="font-size:8.5px;font-weight:700"'
    shown = row.mark.replace(" ", "·")
    if not row.classes.startswith("key"):
        return f'<text class="faint" {words}>{shown}</text>'
    frame = f'x="{x:.1f}" y="{y - 7.5:.1f}" width="{width}" height="15" rx="4"'
    if row.classes == "key proven":
        return f'<rect class="fill{number}" {frame}/><text class="mark" {words}>{shown}</text>'
    return (
        f'<rect class="line{number}" fill="none" stroke-dasharray="3 2" {frame}/>'
        f'<text class="fill{number}" {words}>{shown}</text>'
    )


def _line(one: Relation, layout: Layout, rows: dict[str, list[_Row]], sibling: int) -> Part:
    """The line between the columns of a relationship, with its two ends."""
    parent, child = layout.boxes[one.parent], layout.boxes[one.child]
    start = parent.y + _height(rows[one.parent], one.on[0][1])
    end = child.y + _height(rows[one.child], one.on[0][0])
    if one.parent == one.child and start == end:
        end += 8
    (first, _), (second, _), *between, (third, _), (fourth, _) = layout.routes[one.parent, one.child]
    shift = 12 * sibling
    route = ((first, start), (second + shift, start), *between, (third + shift, end), (fourth, end))
    many = one.cardinality == "one_to_many"
    words = " = ".join(dict.fromkeys((", ".join(child for child, _ in one.on), ", ".join(up for _, up in one.on))))
    said = f"{one.parent} to {one.child}: {one.cardinality.replace('_', ' ')} on {words}, {one.verdict}"
    proof = "" if one.verdict == "proven" else " unproven"
    svg = (
        f'<g class="relation" data-parent="{text(one.parent)}" data-child="{text(one.child)}">'
        f"<title>{text(said)}</title>"
        f'<path class="edge{proof}" d="{curve(route)}"/>'
        f"{_one(route[0], route[1])}{_many(route[-1], route[-2]) if many else _one_or_none(route[-1], route[-2])}</g>"
    )
    xs, ys = [x for x, _ in route], [y for _, y in route]
    return Part("", (min(xs), min(ys) - 10, max(xs) - min(xs), max(ys) - min(ys) + 20), svg)


def _height(rows: list[_Row], column: str) -> float:
    """The height of a column's row below the upper border; of the header if the row is not shown."""
    place = next((number for number, row in enumerate(rows) if row.name == column), None)
    return _HEAD / 2 if place is None else _HEAD + 4 + _ROW * (place + 0.5)


def _away(end: Point, before: Point) -> int:
    return 1 if before[0] >= end[0] else -1


def _one(end: Point, before: Point) -> str:
    (x, y), away = end, _away(end, before)
    return f'<path class="edge" d="M{x + 8 * away:.1f} {y - 6:.1f}v12M{x + 13 * away:.1f} {y - 6:.1f}v12"/>'


def _one_or_none(end: Point, before: Point) -> str:
    (x, y), away = end, _away(end, before)
    return (
        f'<path class="edge" d="M{x + 8 * away:.1f} {y - 6:.1f}v12"/>'
        f'<circle class="edge paper" cx="{x + 17 * away:.1f}" cy="{y:.1f}" r="4.5"/>'
    )


def _many(end: Point, before: Point) -> str:
    (x, y), away = end, _away(end, before)
    return (
        f'<path class="edge" d="M{x + 12 * away:.1f} {y:.1f}L{x:.1f} {y - 7:.1f}M{x + 12 * away:.1f} {y:.1f}'
        f'L{x:.1f} {y + 7:.1f}"/><circle class="edge paper" cx="{x + 17 * away:.1f}" cy="{y:.1f}" r="4.5"/>'
    )


def _legend(x: float, y: float) -> Iterator[str]:
    ends = (("exactly one", _one), ("one or none", _one_or_none), ("any number", _many))
    for words, draw in ends:
        yield f'<path class="edge" d="M{x} {y}h34"/>{draw((x + 34, y), (x, y))}'
        yield label(words, x + 44, y + 4, "small faint", 11, 90)
        x += 134
    for words, proof in (("proven", ""), ("checked on the data", " unproven")):
        yield f'<path class="edge{proof}" d="M{x} {y}h30"/>' + label(words, x + 38, y + 4, "small faint", 11, 140)
        x += 96
