"""From boxes and arrows to positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from cbx.render.layout.gutters import Border, Gutters, Pass
from cbx.render.layout.ordering import Waypoint, order_ranks
from cbx.render.layout.packing import pack, rows_for
from cbx.render.layout.placing import place
from cbx.render.layout.ranks import assign_ranks

_LEAD = 0.36
"""How far before a rank a line becomes horizontal, as a part of the gap; 0.5 would be a step."""

_LOOP = 44
"""How far an arrow to its own box reaches, if there is room before the next box."""

Point = tuple[float, float]
Arrow = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a box in pixels."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Box:
    """The position and size of a box in pixels; the origin is at the top left."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The y coordinate of the middle."""
        return self.y + self.height / 2

    @property
    def right(self) -> float:
        """The x coordinate of the right border."""
        return self.x + self.width


@dataclass(frozen=True)
class Layout:
    """The positions of boxes and arrows, and the size of the picture, in pixels.

    Attributes:
        boxes: The boxes; all in a column are as wide as the widest.
        routes: For each arrow its start, the control points of a curve, and its end.
        lanes: The left and right border of each lane.
    """

    boxes: Mapping[str, Box]
    routes: Mapping[Arrow, tuple[Point, ...]]
    lanes: tuple[tuple[float, float], ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances in pixels: between ranks, between rows, and from a lane's border to its boxes.

    Attributes:
        column: Between the columns of a rank that has several; default: twice the distance of rows.
    """

    rank: float = 88
    row: float = 16
    lane: float = 22
    column: float | None = None


def lay_out(
    sizes: Mapping[str, Size],
    arrows: Sequence[Arrow],
    lanes: Mapping[str, int],
    spacing: Spacing | None = None,
    thickness: Mapping[Arrow, float] | None = None,
    most_rows: int | None = None,
) -> Layout:
    """Place boxes so that arrows point to the right, with few crossings and as straight as possible.

    Args:
        sizes: The boxes; otherwise equal boxes keep this order.
        arrows: Pairs of boxes.
        lanes: The lane of every box, numbered from the left from 0.
        spacing: The distances.
        thickness: The height of an arrow where it passes a rank, if it is more than a line.
        most_rows: The number of rows between which lines pass, each with a gutter; default: none for a graph whose
            ranks suit a screen, where lines make room between boxes.
    """
    spacing = spacing or Spacing()
    forward = [arrow for arrow in dict.fromkeys(arrows) if arrow[0] != arrow[1]]
    ranks = assign_ranks(list(sizes), forward, lanes)
    leftward = {(right, left) if ranks[left] > ranks[right] else (left, right) for left, right in forward}
    ordered = sorted(leftward, key=lambda arrow: (ranks[arrow[0]], ranks[arrow[1]], arrow))
    if most_rows is not None or _longest_rank(ranks) > rows_for(len(sizes)):
        grid, passes = _pack_ranks(sizes, ordered, lanes, ranks, spacing, most_rows or rows_for(len(sizes)))
    else:
        grid, passes = _align_ranks(sizes, ordered, lanes, ranks, spacing, thickness or {})
    reach = min(_LOOP, spacing.rank * 0.7, spacing.row * 1.4)
    routes = {
        arrow: _loop(grid.boxes[arrow[0]], reach) if arrow[0] == arrow[1] else _route(arrow, grid.boxes, ranks, passes)
        for arrow in arrows
    }
    width = (grid.columns[-1][-1][1] if grid.columns else 0) + spacing.lane
    height = max((box.y + box.height for box in grid.boxes.values()), default=0)
    return Layout(grid.boxes, routes, grid.lanes, width, height)


def _longest_rank(ranks: Mapping[str, int]) -> int:
    counts: dict[int, int] = {}
    for rank in ranks.values():
        counts[rank] = counts.get(rank, 0) + 1
    return max(counts.values(), default=0)


class _Grid(NamedTuple):
    """The boxes, the borders of the columns of each rank, and the borders of each lane."""

    boxes: Mapping[str, Box]
    columns: Sequence[Sequence[Border]]
    lanes: tuple[Border, ...]


_Passes = Mapping[Arrow, Sequence[Pass]]
"""Where each arrow passes the boxes between its own."""


def _pack_ranks(
    sizes: Mapping[str, Size],
    arrows: Sequence[Arrow],
    lanes: Mapping[str, int],
    ranks: Mapping[str, int],
    spacing: Spacing,
    rows: int,
) -> tuple[_Grid, _Passes]:
    """Several columns for each rank; arrows pass them in gutters."""
    order = order_ranks(sizes, arrows, ranks, with_waypoints=False)
    columns, heights = pack(order, sizes, rows, spacing.row)
    grid = _place(sizes, lanes, ranks, columns, heights, spacing)
    gutters = Gutters(max(size.height for size in sizes.values()) + spacing.row, spacing.row, rows, grid.columns)
    lefts = {name: box.x for name, box in grid.boxes.items()}
    return grid, {arrow: gutters.find_way(arrow, ranks, lefts, heights) for arrow in arrows}


def _align_ranks(
    sizes: Mapping[str, Size],
    arrows: Sequence[Arrow],
    lanes: Mapping[str, int],
    ranks: Mapping[str, int],
    spacing: Spacing,
    thickness: Mapping[Arrow, float],
) -> tuple[_Grid, _Passes]:
    """One column for each rank; arrows pass it at their waypoints."""
    order = order_ranks(sizes, arrows, ranks, with_waypoints=True)
    columns = [([stop for stop in rank if isinstance(stop, str)],) for rank in order.ranks]
    heights = place(order, sizes, spacing.row, {way: thickness.get(way, 0.0) for way in order.ways})
    grid = _place(sizes, lanes, ranks, columns, heights, spacing)
    passes = {
        arrow: [(*grid.columns[waypoint.rank][0], heights[waypoint]) for waypoint in way]
        for arrow, way in order.ways.items()
    }
    return grid, passes


def _place(
    sizes: Mapping[str, Size],
    lanes: Mapping[str, int],
    ranks: Mapping[str, int],
    columns: Sequence[Sequence[Sequence[str]]],
    heights: Mapping[str | Waypoint, float],
    spacing: Spacing,
) -> _Grid:
    """Boxes and borders, from the columns of every rank and the y coordinate of every middle."""
    lane_of_rank = {rank: lanes[name] for name, rank in ranks.items()}
    boxes: dict[str, Box] = {}
    borders: list[list[Border]] = []
    lane_borders: dict[int, Border] = {}
    between = spacing.row * 2 if spacing.column is None else spacing.column
    x = spacing.lane
    for rank, its_columns in enumerate(columns):
        its_borders: list[Border] = []
        for column in its_columns:
            width = max((sizes[name].width for name in column), default=0)
            for name in column:
                height = sizes[name].height
                boxes[name] = Box(x, heights[name] - height / 2, width, height)
            its_borders.append((x, x + width))
            x += width + between
        left, right = its_borders[0][0], its_borders[-1][1]
        borders.append(its_borders)
        lane = lane_of_rank[rank]
        lane_borders[lane] = (lane_borders.get(lane, (left, 0.0))[0], right)
        x = right + spacing.rank
    padded = tuple((left - spacing.lane, right + spacing.lane) for _, (left, right) in sorted(lane_borders.items()))
    return _Grid(boxes, borders, padded)


def _route(arrow: Arrow, boxes: Mapping[str, Box], ranks: Mapping[str, int], passes: _Passes) -> tuple[Point, ...]:
    """From the right border of a box, straight past the boxes between, to the left border of another."""
    source, target = arrow
    if ranks[source] > ranks[target]:
        return tuple(reversed(_route((target, source), boxes, ranks, passes)))
    start, end = boxes[source], boxes[target]
    stops = [(start.right, start.right, start.middle), *passes.get(arrow, ()), (end.x, end.x, end.middle)]
    points: list[Point] = [(start.right, start.middle)]
    for (_, leave, y), (entry, far, level) in pairwise(stops):
        lead = (entry - leave) * _LEAD
        points += [(leave + lead, y), (entry - lead, level)]
        points += [(min(entry + lead, far), level), (max(far - lead, entry), level)]
    return (*points[:-2], (end.x, end.middle))


def _loop(box: Box, reach: float) -> tuple[Point, ...]:
    """From the right border of a box, and back to the same border further up."""
    far, high = box.right + reach, box.y + 12
    return ((box.right, box.middle), (far, box.middle), (far, high), (box.right, high))
