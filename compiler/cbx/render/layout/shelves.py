"""Pictures of several unconnected parts: side by side, in rows with about the proportions of a screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf, sqrt

from cbx.render.layout.layout import Arrow, Box, Layout, Point, Size, Spacing, lay_out

_PROPORTION = 1.6


def lay_out_parts(sizes: Mapping[str, Size], arrows: Sequence[Arrow], spacing: Spacing, width: float = inf) -> Layout:
    """Lay out each connected part separately and without lanes, and arrange the parts in rows.

    Args:
        sizes: The boxes; otherwise equal boxes keep this order.
        arrows: Pairs of boxes.
        spacing: The distances.
        width: The largest width of a row; only a part that is wider exceeds it.
    """
    layouts = []
    for names in connected_parts(sizes, arrows):
        its_arrows = [arrow for arrow in arrows if arrow[0] in names]
        layouts.append(lay_out({name: sizes[name] for name in names}, its_arrows, dict.fromkeys(names, 0), spacing))
    return _place_on_shelves(layouts, spacing.row, width)


def connected_parts(names: Iterable[str], arrows: Sequence[Arrow]) -> list[dict[str, None]]:
    """The boxes of each connected part."""
    neighbours: dict[str, list[str]] = {name: [] for name in names}
    for left, right in arrows:
        neighbours[left].append(right)
        neighbours[right].append(left)
    part_of: dict[str, str] = {}
    for start in neighbours:
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in part_of:
                part_of[name] = start
                waiting += neighbours[name]
    parts: dict[str, dict[str, None]] = {}
    for name, part in part_of.items():
        parts.setdefault(part, {})[name] = None
    return list(parts.values())


def _place_on_shelves(layouts: Sequence[Layout], gap: float, most: float) -> Layout:
    """Arrange parts in rows, the highest first, which fills rows best."""
    area = sum((layout.width + gap) * (layout.height + gap) for layout in layouts)
    widest = max([min(sqrt(area * _PROPORTION), most), *(layout.width for layout in layouts)])
    boxes: dict[str, Box] = {}
    routes: dict[Arrow, tuple[Point, ...]] = {}
    x = y = width = shelf = 0.0
    for layout in sorted(layouts, key=lambda layout: -layout.height):
        if x and x + layout.width > widest:
            x, y, shelf = 0.0, y + shelf + gap, 0.0
        boxes |= {name: replace(box, x=box.x + x, y=box.y + y) for name, box in layout.boxes.items()}
        routes |= {arrow: tuple((left + x, top + y) for left, top in route) for arrow, route in layout.routes.items()}
        width, shelf = max(width, x + layout.width), max(shelf, layout.height)
        x += layout.width + gap
    return Layout(boxes, routes, (), width, y + shelf)
