"""The second step: order every rank, so that few lines cross."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cbx.render.layout.weave import Weave

_MOST_STOPS = 1200
"""The largest number of stops for the slow steps, which then take about a second."""


@dataclass(frozen=True, slots=True)
class Waypoint:
    """The point at which an arrow passes a rank between its ends."""

    source: str
    target: str
    rank: int


Stop = str | Waypoint
"""A member of a rank: a box or a waypoint."""


@dataclass(frozen=True)
class Order:
    """The ranks in order.

    Attributes:
        ranks: The stops of every rank, from the top.
        links: Pairs of linked stops in neighbouring ranks.
        ways: The waypoints of each arrow that has any.
    """

    ranks: tuple[tuple[Stop, ...], ...]
    links: tuple[tuple[Stop, Stop], ...]
    ways: Mapping[tuple[str, str], tuple[Waypoint, ...]]


def order_ranks(
    names: Iterable[str], arrows: Sequence[tuple[str, str]], ranks: Mapping[str, int], *, with_waypoints: bool
) -> Order:
    """Sort every rank by the positions of its neighbours, in both directions, and keep the order with fewest crossings.

    Args:
        names: The boxes, in their initial order.
        arrows: Pairs of boxes, the first in a lower rank than the second.
        ranks: The rank of each box.
        with_waypoints: Whether an arrow over several ranks has a waypoint in each; if not, it passes behind boxes.
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
    stops = [stop for column in columns for stop in column]
    numbers = {stop: number for number, stop in enumerate(stops)}
    woven = _fewest_crossings(
        [[numbers[stop] for stop in column] for column in columns],
        [(numbers[left], numbers[right]) for left, right in links],
    )
    return Order(tuple(tuple(stops[number] for number in column) for column in woven), tuple(links), ways)


def _fewest_crossings(columns: list[list[int]], links: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Start from families and sweep in both directions; return the best order."""
    is_slow = sum(map(len, columns)) > _MOST_STOPS
    best, fewest = columns, None
    for leads_right in (True, False):
        weave = Weave(columns, links)
        weave.gather_families()
        woven, crossings = _sweep(weave, leads_right=leads_right, is_slow=is_slow)
        if fewest is None or crossings < fewest:
            best, fewest = woven, crossings
        if is_slow:
            break
    return best


def _sweep(weave: Weave, *, leads_right: bool, is_slow: bool) -> tuple[list[list[int]], int]:
    """Sweep until several sweeps have not improved the order, then move every single stop to its best position."""
    best, fewest = weave.order(), weave.crossings()
    sweeps, patience = (8, 2) if is_slow else (24, 6)
    in_vain = 0
    for _ in range(sweeps):
        if not fewest or in_vain == patience:
            break
        weave.sort(leads_right=leads_right)
        if not is_slow:
            weave.swap_neighbours()
        leads_right, in_vain = not leads_right, in_vain + 1
        crossings = weave.crossings()
        if crossings < fewest:
            best, fewest, in_vain = weave.order(), crossings, 0
    if fewest and not is_slow:
        weave.take(best)
        weave.sift()
        best, fewest = weave.order(), weave.crossings()
    return best, fewest
