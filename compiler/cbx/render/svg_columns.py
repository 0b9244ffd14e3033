"""Renders the lineage of columns as SVG: a table for each model, a curve from column to column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cbx.graph.graph_document import ColumnId
from cbx.render.column_lineage import ColumnGraph
from cbx.render.labels import REPEATED_IN_WORDS, text_width
from cbx.render.layout.layout import Layout, Point, Size, Spacing, lay_out
from cbx.render.layout.turned import lay_out_downwards
from cbx.render.palette import layer_colours
from cbx.render.svg_parts import COLUMN_WIDTH, arrowhead, curve, label, picture, text

_ROW = 24.0
_HEAD = 38.0
_MARGIN = 28.0
_LINE = 5.0
_WIDEST = 284.0
_GAP = 18.0
_DOWN = Spacing(rank=44, row=24, lane=0)


class _Notes(NamedTuple):
    """The notes on a column, and the room that they take beside its name, in pixels."""

    words: str
    width: float
    is_mark: bool


def render_svg_columns(graph: ColumnGraph) -> str:
    """The picture."""
    notes = _read_notes(graph)
    layout, points_down = _lay_out(graph, notes)
    width, height = max(layout.width, 240) + 2 * _MARGIN, layout.height + 2 * _MARGIN
    counted = f"{sum(map(len, graph.columns.values()))} columns of {len(graph.columns)} tables"
    title = f"Columns of {graph.document.project}"
    colours = layer_colours(graph.document.lanes)
    return picture(_parts(graph, layout, notes, points_down=points_down), width, height, title, counted, colours)


def _read_notes(graph: ColumnGraph) -> Mapping[ColumnId, _Notes]:
    notes = {}
    for node, names in graph.columns.items():
        for name in names:
            words = " · ".join(graph.notes((node, name)))
            width = min(text_width(words, 12), _WIDEST) + _GAP if words else 0
            notes[node, name] = _Notes(words, width, graph.is_marked((node, name)))
    return notes


def _lay_out(graph: ColumnGraph, notes: Mapping[ColumnId, _Notes]) -> tuple[Layout, bool]:
    """From left to right; down, if that is too wide for a column of text and each table has a single column."""
    document = graph.document
    place = {layer: number for number, layer in enumerate(document.lanes)}

    def row_width(node: str, name: str) -> float:
        return min(text_width(name, 13, is_bold=True), _WIDEST) + notes[node, name].width

    sizes = {
        node: Size(
            max(min(text_width(node, 13, is_bold=True), _WIDEST), *(row_width(node, name) for name in names)) + 36,
            _HEAD + _ROW * len(names) + 8,
        )
        for node, names in graph.columns.items()
    }
    lanes = {node: place[document.by_id[node].layer] for node in sizes}
    bundles = Counter((origin, target) for (origin, _), (target, _) in graph.edges)
    thickness = {arrow: (count - 1) * _LINE for arrow, count in bundles.items()}
    layout = lay_out(sizes, list(bundles), lanes, thickness=thickness)
    room = COLUMN_WIDTH - 2 * _MARGIN
    if layout.width <= room or any(len(names) > 1 for names in graph.columns.values()):
        return layout, False
    return lay_out_downwards(sizes, list(bundles), lanes, _DOWN, room), True


def _parts(graph: ColumnGraph, layout: Layout, notes: Mapping[ColumnId, _Notes], *, points_down: bool) -> Iterator[str]:
    colours = {layer: number for number, layer in enumerate(graph.document.lanes)}
    yield f'<g transform="translate({_MARGIN} {_MARGIN})">'
    bundles = Counter((origin, target) for (origin, _), (target, _) in graph.edges)
    drawn: Counter[tuple[str, str]] = Counter()
    for (origin, column), (target, name) in sorted(graph.edges, key=lambda edge: _place(graph, edge[0])):
        shift = (drawn[origin, target] - (bundles[origin, target] - 1) / 2) * _LINE
        drawn[origin, target] += 1
        start = layout.boxes[origin].y + _middle(graph, origin, column)
        end = layout.boxes[target].y + _middle(graph, target, name)
        route = layout.routes[origin, target]
        if not points_down:
            route = _lead_route(route, start, end, shift)
        yield f"<g><title>{text(f'{target}.{name} is computed from {origin}.{column}')}</title>"
        yield f'<path class="edge" d="{curve(route)}"/>{arrowhead(route, "head")}</g>'
    for node, names in graph.columns.items():
        box, number = layout.boxes[node], colours[graph.document.by_id[node].layer]
        yield f'<g transform="translate({box.x:.1f} {box.y:.1f})">'
        yield f'<rect class="card" width="{box.width:.1f}" height="{box.height:.1f}" rx="10"/>'
        yield label(node, 16, 24, f"name fill{number}", 13, box.width - 28)
        yield f'<path class="rule" d="M0 {_HEAD - 2}H{box.width:.1f}"/>'
        for name in names:
            y = _middle(graph, node, name)
            if graph.selected == (node, name):
                yield f'<rect class="tint{number}" x="6" y="{y - 11}" width="{box.width - 12:.1f}" height="22" rx="5"/>'
            weight = "name ink" if graph.selected == (node, name) else "ink"
            yield label(name, 16, y + 4.5, weight, 13, box.width - 28 - notes[node, name].width)
            yield from _note_labels(notes[node, name], box.width - 16, y + 4)
        yield "</g>"
    yield "</g>"


def _note_labels(notes: _Notes, x: float, y: float) -> Iterator[str]:
    if notes.is_mark:
        mark = label(notes.words, x, y, "small warning", 12, _WIDEST, at_end=True)
        yield f"<g><title>{text(REPEATED_IN_WORDS)}</title>{mark}</g>"
    elif notes.words:
        yield label(notes.words, x, y, "small faint", 12, _WIDEST, at_end=True)


def _middle(graph: ColumnGraph, node: str, column: str) -> float:
    """The distance of a column from the upper border of its table."""
    return _HEAD + 4 + _ROW * (graph.columns[node].index(column) + 0.5)


def _place(graph: ColumnGraph, column: ColumnId) -> tuple[str, int]:
    return column[0], graph.columns[column[0]].index(column[1])


def _lead_route(route: tuple[Point, ...], start: float, end: float, shift: float) -> tuple[Point, ...]:
    """Move the ends of a route between two tables to two columns, beside other lines of the same tables."""
    (first, _), (second, _), *between, (third, _), (fourth, _) = route
    shifted = ((x, y + shift) for x, y in between)
    return ((first, start), (second, start), *shifted, (third, end), (fourth, end))
