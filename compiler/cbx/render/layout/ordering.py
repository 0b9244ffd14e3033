"""The second step: the order within every rank, so that few lines cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where an arrow passes a rank between its ends."""

    source: str
    target: str
    rank: int


Stop = str | Waypoint
"""What stands in a rank."""


@dataclass(frozen=True)
class Order:
    """The ranks in order.

    Attributes:
        ranks: What stands in every rank, from above.
        links: Pairs of neighbours in neighbouring ranks.
        ways: The waypoints of each arrow that has any.
    """

    ranks: tuple[tuple[Stop, ...], ...]
    links: tuple[tuple[Stop, Stop], ...]
    ways: Mapping[tuple[str, str], tuple[Waypoint, ...]]


def order_ranks(
    names: Iterable[str], arrows: Sequence[tuple[str, str]], ranks: Mapping[str, int], *, with_waypoints: bool
) -> Order:
    """Sort every rank by the middle of its neighbours, to and fro, and keep the order with the fewest crossings.

    Args:
        names: The boxes, in the order that they start with.
        arrows: Pairs of boxes, the first in a lower rank than the second.
        ranks: The rank of each box.
        with_waypoints: Whether an arrow over several ranks keeps a place in each; without, it passes behind boxes.
    """
    columns: list[list[Stop]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name in names:
        columns[ranks[name]].append(name)
    links: list[tuple[Stop, Stop]] = []
    ways = {}
    for source, target in arrows:
        between = tuple(Waypoint(source, target, rank) for rank in range(ranks[source] + 1, ranks[target]))
        if between and with_waypoints:
            ways[source, target] = between
            for waypoint in between:
                columns[waypoint.rank].append(waypoint)
            links += pairwise((source, *between, target))
        else:
            links.append((source, target))
    return Order(tuple(map(tuple, _fewest_crossings(columns, links))), tuple(links), ways)


def _fewest_crossings(columns: list[list[Stop]], links: Sequence[tuple[Stop, Stop]]) -> list[list[Stop]]:
    before, after = _neighbours(columns, links)
    best, fewest = [list(column) for column in columns], _crossings(columns, after)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        leads_right = sweep % 2 == 0
        places = {stop: place for column in columns for place, stop in enumerate(column)}
        for column in columns if leads_right else reversed(columns):
            _sort(column, before if leads_right else after, places)
        _swap_neighbours(columns, before, after)
        crossings = _crossings(columns, after)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    return best


_Neighbours = Mapping[Stop, Sequence[Stop]]


def _neighbours(columns: list[list[Stop]], links: Sequence[tuple[Stop, Stop]]) -> tuple[_Neighbours, _Neighbours]:
    before: dict[Stop, list[Stop]] = {stop: [] for column in columns for stop in column}
    after: dict[Stop, list[Stop]] = {stop: [] for column in columns for stop in column}
    for left, right in links:
        after[left].append(right)
        before[right].append(left)
    return before, after


def _sort(column: list[Stop], neighbours: _Neighbours, places: dict[Stop, int]) -> None:
    """Order a column by the mean place of its neighbours; what has none stays about where it was."""
    wanted = {}
    for place, stop in enumerate(column):
        others = neighbours[stop]
        wanted[stop] = sum(places[one] for one in others) / len(others) if others else place
    column.sort(key=wanted.__getitem__)
    places.update({stop: place for place, stop in enumerate(column)})


def _swap_neighbours(columns: list[list[Stop]], before: _Neighbours, after: _Neighbours) -> None:
    """Exchange two that stand next to each other wherever that takes away crossings."""
    if sum(map(len, columns)) > 600:
        return  # the sorting has done most of it, and this would take long
    places = {stop: place for column in columns for place, stop in enumerate(column)}
    for column in columns:
        for place in range(len(column) - 1):
            upper, lower = column[place], column[place + 1]
            now = _between(upper, lower, before, places) + _between(upper, lower, after, places)
            then = _between(lower, upper, before, places) + _between(lower, upper, after, places)
            if then < now:
                column[place], column[place + 1] = lower, upper
                places[upper], places[lower] = place + 1, place


def _between(upper: Stop, lower: Stop, neighbours: _Neighbours, places: Mapping[Stop, int]) -> int:
    """The crossings of the links of two stops with one above the other."""
    return sum(places[one] > places[other] for one in neighbours[upper] for other in neighbours[lower])


def _crossings(columns: Sequence[Sequence[Stop]], after: _Neighbours) -> int:
    """How many links cross, rank by rank; those over several ranks without waypoints count as if they were short."""
    places = {stop: place for column in columns for place, stop in enumerate(column)}
    count = 0
    for column in columns:
        ends = [end for stop in column for end in sorted(places[one] for one in after[stop])]
        seen: list[int] = []
        for end in ends:
            count += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return count
