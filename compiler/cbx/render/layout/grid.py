"""Narrow pictures of boxes with sides that lines lead to: boxes follow each other like words, lines are in gutters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import dist

from cbx.render.layout.layout import Arrow, Box, Point, Size
from cbx.render.layout.ranks import assign_ranks
from cbx.render.layout.shelves import connected_parts

_GUTTER = 68.0
"""The width of a gutter between columns: lines in the middle, and room for their ends."""

_OUTSIDE = 44.0
_ROW_GAP = 36.0
_TRACK = 5.0
_TRACKS = 5
_RADIUS = 16.0


class Grid:
    """Boxes in rows and columns.

    Attributes:
        boxes: The boxes, all as wide as the widest; each part of connected boxes starts a row.
        width: Of the picture, with a gutter behind the last column.
        height: Of the picture.
    """

    def __init__(self, sizes: Mapping[str, Size], arrows: Sequence[Arrow], width: float) -> None:
        """Place the boxes.

        Args:
            sizes: The boxes.
            arrows: Pairs of boxes; within a part, boxes follow those from which arrows lead to them.
            width: The largest width, which only a single column of wide boxes exceeds.
        """
        widest = max((size.width for size in sizes.values()), default=0.0)
        self._step = widest + _GUTTER
        count = max(int((width - _OUTSIDE + _GUTTER) / self._step), 1)
        self.boxes: dict[str, Box] = {}
        self._columns: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._used: Counter[int] = Counter()
        rows = [row for part in connected_parts(sizes, arrows) for row in _rows_of(part, arrows, count)]
        y = 0.0
        for number, row in enumerate(rows):
            for column, name in enumerate(row):
                self.boxes[name] = Box(column * self._step, y, widest, sizes[name].height)
                self._columns[name], self._rows[name] = column, number
            y += max(sizes[name].height for name in row) + _ROW_GAP
        columns = max(map(len, rows), default=0)
        self.width = columns * self._step - _GUTTER + _OUTSIDE
        self.height = max(y - _ROW_GAP, 0.0)

    def route(self, arrow: Arrow, start: float, end: float) -> tuple[Point, ...]:
        """The control points of a curve with straight ends, which passes no box.

        Args:
            arrow: The boxes.
            start: The y coordinate at the first box.
            end: The y coordinate at the second box.
        """
        first, second = (self._columns[name] for name in arrow)
        leaves_right, enters_left = second >= first, second > first
        left, right = first + leaves_right, second + (not enters_left)
        points = [self._side(arrow[0], start, is_right=leaves_right), (self._gutter(left), start)]
        if left != right:
            lower = max(arrow, key=lambda name: self._rows[name])
            level = self.boxes[lower].y - _ROW_GAP / 2 if self._rows[lower] else self.height
            points += [(points[-1][0], level), (self._gutter(right), level)]
        points += [(points[-1][0], end), self._side(arrow[1], end, is_right=not enters_left)]
        return _round_corners(points)

    def _side(self, name: str, y: float, *, is_right: bool) -> Point:
        box = self.boxes[name]
        return (box.right if is_right else box.x), y

    def _gutter(self, number: int) -> float:
        """A free track in the gutter before a column."""
        place = self._used[number] % _TRACKS
        self._used[number] += 1
        middle = number * self._step - _GUTTER / 2
        return middle + (place + 1) // 2 * (_TRACK if place % 2 else -_TRACK)


def _rows_of(part: Mapping[str, None], arrows: Sequence[Arrow], count: int) -> list[list[str]]:
    its_arrows = [arrow for arrow in arrows if arrow[0] in part and arrow[0] != arrow[1]]
    ranks = assign_ranks(list(part), its_arrows, dict.fromkeys(part, 0))
    ordered = sorted(part, key=ranks.__getitem__)
    return [ordered[start : start + count] for start in range(0, len(ordered), count)]


def _round_corners(points: Sequence[Point]) -> tuple[Point, ...]:
    """Control points beside each corner, so that the curve is straight between corners."""
    rounded = [points[0]]
    for before, corner in pairwise(points):
        rounded += [_towards(before, corner), _towards(corner, before), corner]
    return (*rounded[:-1], points[-1])


def _towards(start: Point, end: Point) -> Point:
    """The point of a line at the distance of the radius from its start, or its middle."""
    length = dist(start, end)
    part = min(_RADIUS / length, 0.5) if length else 0.0
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part
