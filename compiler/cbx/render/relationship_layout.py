"""The layout of the diagram of relationships: a box for each model, with a row for each column, and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from cbx.graph.graph_document import GraphDocument, Node, Relation
from cbx.render.labels import notes_on_versions, text_width
from cbx.render.layout.grid import Grid
from cbx.render.layout.layout import Box, Layout, Point, Size, Spacing
from cbx.render.layout.shelves import lay_out_parts

HEAD = 40.0
ROW = 23.0
TYPE_WIDTH = 118.0
"""The height of a box's head and of a row, and the largest width of a type, in pixels."""

_MOST_ROWS = 9
_STUB = 10.0
_END = 12.0
_SPACING = Spacing(rank=104, row=32)
_WIDEST_IN_ROWS = 330.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a box: a column, or the number of columns that are omitted.

    Attributes:
        key: PK in the key, UK in a further key.
        is_proven: Whether the key is proven, or all further keys with the column.
        refers: Whether the column refers to a parent.
        role: ``more`` for the number of columns that are omitted.
    """

    name: str
    type: str
    key: Literal["PK", "UK", ""] = ""
    is_proven: bool = False
    refers: bool = False
    role: Literal["column", "more"] = "column"


@dataclass(frozen=True, slots=True)
class Entity:
    """A model with relationships, and its columns, those of the keys first."""

    node: Node
    box: Box
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class RelationLine:
    """A relationship, and the control points of its curve from the parent's column to the child's."""

    relation: Relation
    route: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """The diagram, with its size in pixels."""

    entities: tuple[Entity, ...]
    lines: tuple[RelationLine, ...]
    width: float
    height: float


def lay_out_relationships(document: GraphDocument, width: float = inf) -> Diagram:
    """Place the models with relationships, parents to the left of their children.

    Args:
        document: The graph.
        width: The largest width. If the diagram is wider, models are in rows, parents before their children.
    """
    nodes = document.with_relationships.nodes
    rows = {node.id: _rows(node, document.references.get(node.id, ())) for node in nodes}
    sizes = {node.id: _size(node, rows[node.id]) for node in nodes}
    arrows = list(dict.fromkeys((relation.parent, relation.child) for relation in document.relations))
    layout: Layout | Grid = lay_out_parts(sizes, arrows, _SPACING, width)
    if layout.width > width:
        sizes = {name: Size(min(size.width, _WIDEST_IN_ROWS), size.height) for name, size in sizes.items()}
        layout = Grid(sizes, arrows, width)
    return Diagram(
        entities=tuple(Entity(node, layout.boxes[node.id], rows[node.id]) for node in nodes),
        lines=_lines(document.relations, layout, rows),
        width=layout.width,
        height=layout.height,
    )


def _rows(node: Node, references: Sequence[str]) -> tuple[Row, ...]:
    """The columns of keys first, then the columns of relationships, then others up to a limit."""
    types = {column.name: column.type or "" for column in node.columns}
    of_keys = [name for key in node.keys for name in key.columns]
    versions = notes_on_versions(node)
    ordered = dict.fromkeys([*of_keys, *references, *versions, *(column.name for column in node.columns)])
    rows = [Row(name, types.get(name, ""), *_mark(node, name), name in references) for name in ordered]
    kept = max(_MOST_ROWS - 1, sum(bool(row.key) or row.refers or row.name in versions for row in rows))
    if len(rows) > max(_MOST_ROWS, kept):
        rows = [*rows[:kept], Row(f"{len(rows) - kept} more", "", role="more")]
    return tuple(rows)


def _mark(node: Node, name: str) -> tuple[Literal["PK", "UK", ""], bool]:
    """The mark of a column of a key, and whether the key is proven."""
    if name in node.key:
        return "PK", node.key_verdict == "proven"
    verdicts = {key.verdict for key in node.further_keys if name in key.columns}
    return ("UK", verdicts == {"proven"}) if verdicts else ("", False)


def _size(node: Node, rows: tuple[Row, ...]) -> Size:
    names = max((text_width(row.name, 12.5, is_bold=bool(row.key) or row.refers) for row in rows), default=0)
    types = max((min(text_width(row.type, 12.5), TYPE_WIDTH) for row in rows), default=0)
    width = max(names + types + 96, text_width(node.id, 13, is_bold=True) + 40, 190)
    return Size(min(width, 380), HEAD + ROW * len(rows) + 8)


def _lines(
    relations: tuple[Relation, ...], layout: Layout | Grid, rows: Mapping[str, tuple[Row, ...]]
) -> tuple[RelationLine, ...]:
    """The lines between the rows of columns; lines between the same two models must not overlap."""
    drawn: dict[tuple[str, str], int] = {}
    levels = _levels_of_ends(relations)
    lines = []
    for relation in relations:
        pair = relation.parent, relation.child
        shift = 12 * drawn.get(pair, 0)
        drawn[pair] = drawn.get(pair, 0) + 1
        child, parent = relation.on[0]
        start = layout.boxes[relation.parent].y + _height(rows[relation.parent], parent)
        end = layout.boxes[relation.child].y + _height(rows[relation.child], child)
        if relation.parent == relation.child and start == end:
            end += 8
        start += levels[relation.parent, parent, relation.parent_end]
        end += levels[relation.child, child, relation.child_end]
        route = (
            layout.route(pair, start, end)
            if isinstance(layout, Grid)
            else _lead_route(layout.routes[pair], start, end, shift)
        )
        lines.append(RelationLine(relation, route))
    return tuple(lines)


def _levels_of_ends(relations: tuple[Relation, ...]) -> Mapping[tuple[str, str, str], float]:
    """How far from the middle of its row an end is, by model, column and end; different ends must not overlap."""
    ends: dict[tuple[str, str], set[str]] = {}
    for relation in relations:
        child, parent = relation.on[0]
        ends.setdefault((relation.parent, parent), set()).add(relation.parent_end)
        ends.setdefault((relation.child, child), set()).add(relation.child_end)
    return {
        (model, column, end): (place - (len(its) - 1) / 2) * _END
        for (model, column), its in ends.items()
        for place, end in enumerate(sorted(its))
    }


def _lead_route(route: tuple[Point, ...], start: float, end: float, shift: float) -> tuple[Point, ...]:
    """Move the ends of a route between two boxes to two rows, with straight ends for the crow's feet."""
    (first, _), (second, _), *between, (third, _), (fourth, _) = route
    out, back = (_STUB if second > first else -_STUB), (_STUB if third > fourth else -_STUB)
    leaving = (first, start), (first + out, start), (second + shift, start)
    arriving = (third + shift, end), (fourth + back, end), (fourth, end)
    return (*leaving, *between, *arriving)


def _height(rows: tuple[Row, ...], column: str) -> float:
    """The distance of a column's row from the upper border; that of the head if the row is omitted."""
    place = next((number for number, row in enumerate(rows) if row.name == column), None)
    return HEAD / 2 if place is None else HEAD + 4 + ROW * (place + 0.5)
