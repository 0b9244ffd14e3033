"""The third step: the vertical position of every box, so that lines are straight."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Protocol

from cbx.render.layout.ordering import Order, Stop, Waypoint

_SWEEPS = 60
_WAYPOINT_GAP = 12.0


class Sized(Protocol):
    """Something with a height."""

    @property
    def height(self) -> float:
        """In pixels."""


@dataclass(frozen=True)
class _AlignedRows:
    """Stops on a straight line, which move together.

    Attributes:
        count: The number of rows; each row is below rows with smaller numbers, or beside them.
        row_of: The row of each stop.
        above: For each row, the rows above it, and the smallest distance between their middles.
        linked: For each row, the rows that it is linked to.
    """

    count: int
    row_of: Mapping[Stop, int]
    above: Sequence[Mapping[int, float]]
    linked: Sequence[Sequence[int]]


def place(
    order: Order, sizes: Mapping[str, Sized], gap: float, thickness: Mapping[tuple[str, str], float]
) -> dict[Stop, float]:
    """The y coordinate of the middle of every stop; the top border is at 0.

    Stops on a straight line move together, as in Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment"
    (2002). Each such row moves to the mean of its linked rows; then rows are pushed apart once downwards and once
    upwards. The mean of both keeps all distances.

    Args:
        order: The ranks.
        sizes: The sizes of the boxes.
        gap: The space between boxes.
        thickness: The height of each arrow where it passes a rank.
    """
    heights = {
        stop: thickness[stop.source, stop.target] if isinstance(stop, Waypoint) else sizes[stop].height
        for rank in order.ranks
        for stop in rank
    }
    rows = _rows(order, heights, gap)
    middles = _push_down([0.0] * rows.count, rows)
    for _ in range(_SWEEPS):
        targets = [
            (middle + fmean(middles[other] for other in linked)) / 2 if linked else middle
            for middle, linked in zip(middles, rows.linked, strict=True)
        ]
        both = zip(_push_down(targets, rows), _push_up(targets, rows), strict=True)
        middles = [(down + up) / 2 for down, up in both]
    placed = {stop: middles[row] for stop, row in rows.row_of.items()}
    highest = min((middle - heights[stop] / 2 for stop, middle in placed.items()), default=0.0)
    return {stop: round(middle - highest, 1) for stop, middle in placed.items()}


def _push_down(targets: Sequence[float], rows: _AlignedRows) -> list[float]:
    middles = list(targets)
    for row, above in enumerate(rows.above):
        for other, distance in above.items():
            middles[row] = max(middles[row], middles[other] + distance)
    return middles


def _push_up(targets: Sequence[float], rows: _AlignedRows) -> list[float]:
    middles = list(targets)
    for row in range(rows.count - 1, -1, -1):
        for other, distance in rows.above[row].items():
            middles[other] = min(middles[other], middles[row] - distance)
    return middles


def _rows(order: Order, heights: Mapping[Stop, float], gap: float) -> _AlignedRows:
    after = _straight_links(order)
    members: list[list[Stop]] = []
    begun = set(after.values())
    for start in (stop for rank in order.ranks for stop in rank if stop not in begun):
        row = [start]
        while row[-1] in after:
            row.append(after[row[-1]])
        members.append(row)
    loose = {stop: number for number, row in enumerate(members) for stop in row}
    below: list[dict[int, float]] = [{} for _ in members]
    for rank in order.ranks:
        for upper, lower in pairwise(rank):
            is_narrow = isinstance(upper, Waypoint) or isinstance(lower, Waypoint)
            distance = (heights[upper] + heights[lower]) / 2 + (min(gap, _WAYPOINT_GAP) if is_narrow else gap)
            its_below = below[loose[upper]]
            its_below[loose[lower]] = max(distance, its_below.get(loose[lower], 0.0))
    numbers = {old: number for number, old in enumerate(_from_above(below))}
    above: list[dict[int, float]] = [{} for _ in members]
    for old, its_below in enumerate(below):
        for other, distance in its_below.items():
            above[numbers[other]][numbers[old]] = distance
    linked: list[list[int]] = [[] for _ in members]
    row_of = {stop: numbers[old] for stop, old in loose.items()}
    for left, right in order.links:
        if row_of[left] != row_of[right]:
            linked[row_of[left]].append(row_of[right])
            linked[row_of[right]].append(row_of[left])
    return _AlignedRows(len(members), row_of, above, linked)


def _from_above(below: Sequence[Mapping[int, float]]) -> list[int]:
    """Sort rows so that each comes after the rows above it; there is no cycle, because straight lines do not cross."""
    open_above = [0] * len(below)
    for its_below in below:
        for other in its_below:
            open_above[other] += 1
    free = [row for row, count in enumerate(open_above) if not count]
    for row in free:
        for other in below[row]:
            open_above[other] -= 1
            if not open_above[other]:
                free.append(other)
    return free


def _straight_links(order: Order) -> dict[Stop, Stop]:
    """The links between neighbouring ranks that become straight lines; they do not cross.

    Each end of such a link is the middle one of the stops that the other end is linked to. If two of them cross, one
    between waypoints is kept, else the upper one.
    """
    places = {stop: place for rank in order.ranks for place, stop in enumerate(rank)}
    before: dict[Stop, list[Stop]] = {stop: [] for stop in places}
    after: dict[Stop, list[Stop]] = {stop: [] for stop in places}
    for left, right in order.links:
        after[left].append(right)
        before[right].append(left)
    further: dict[Stop, Stop] = {}
    for rank in order.ranks:
        pairs = []
        for stop in rank:
            other = _middle(after[stop], places)
            if other is not None and _middle(before[other], places) == stop:
                pairs.append((stop, other))
        kept: list[tuple[int, int]] = []
        for left, right in sorted(pairs, key=lambda pair: not all(isinstance(stop, Waypoint) for stop in pair)):
            ends = (places[left], places[right])
            at = bisect_left(kept, ends)
            if (not at or kept[at - 1][1] < ends[1]) and (at == len(kept) or kept[at][1] > ends[1]):
                kept.insert(at, ends)
                further[left] = right
    return further


def _middle(stops: Sequence[Stop], places: Mapping[Stop, int]) -> Stop | None:
    return sorted(stops, key=places.__getitem__)[len(stops) // 2] if len(stops) % 2 else None
