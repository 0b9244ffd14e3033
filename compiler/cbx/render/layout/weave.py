"""Columns of numbered stops with links between them, and the methods that remove crossings."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import accumulate, chain

_ROUNDS = 10


class Weave:
    """An order of stops, which is changed in place.

    The methods are sorting by barycentres of Sugiyama, Tagawa and Toda (1981), the exchange of neighbours of Gansner
    et al., "A Technique for Drawing Directed Graphs" (1993), and the sifting of Matuszewski, Schönfeld and Molitor,
    "Using Sifting for k-Layer Straightline Crossing Minimization" (1999).
    """

    def __init__(self, columns: Sequence[Sequence[int]], links: Sequence[tuple[int, int]]) -> None:
        """Start with an order.

        Args:
            columns: The stops of every column, numbered from 0.
            links: Pairs of stops in neighbouring columns; longer links are treated as short ones.
        """
        count = sum(map(len, columns))
        self._before: list[list[int]] = [[] for _ in range(count)]
        self._after: list[list[int]] = [[] for _ in range(count)]
        for left, right in links:
            self._after[left].append(right)
            self._before[right].append(left)
        self._columns = [list(column) for column in columns]
        self._places = [0] * count
        self._number()

    def order(self) -> list[list[int]]:
        """A copy of the current columns."""
        return [list(column) for column in self._columns]

    def take(self, columns: Sequence[Sequence[int]]) -> None:
        """Replace the order with another one of the same stops."""
        self._columns = [list(column) for column in columns]
        self._number()

    def _number(self) -> None:
        for column in self._columns:
            self._place(column)

    def _place(self, column: Sequence[int]) -> None:
        for place, stop in enumerate(column):
            self._places[stop] = place

    def crossings(self) -> int:
        """How many pairs of links cross."""
        count = 0
        for column in self._columns:
            seen: list[int] = []
            for stop in column:
                for end in sorted(self._places[neighbour] for neighbour in self._after[stop]):
                    count += len(seen) - bisect_right(seen, end)
                    insort(seen, end)
        return count

    def gather_families(self) -> None:
        """Sort every column in the order of a depth-first walk along the links."""
        column_of = {stop: number for number, column in enumerate(self._columns) for stop in column}
        met: list[list[int]] = [[] for _ in self._columns]
        seen = set()
        for start in [stop for column in self._columns for stop in column]:
            waiting = [start]
            while waiting:
                stop = waiting.pop()
                if stop not in seen:
                    seen.add(stop)
                    met[column_of[stop]].append(stop)
                    waiting += reversed(self._after[stop] + self._before[stop])
        self.take(met)

    def sort(self, *, leads_right: bool) -> None:
        """Sort each column by the mean position of its neighbours in the previous column; others stay in place."""
        neighbours = self._before if leads_right else self._after
        for column in self._columns if leads_right else reversed(self._columns):
            means = {}
            for place, stop in enumerate(column):
                others = neighbours[stop]
                means[stop] = sum(self._places[other] for other in others) / len(others) if others else place
            column.sort(key=means.__getitem__)
            self._place(column)

    def swap_neighbours(self) -> None:
        """Swap neighbours in a column wherever that removes crossings."""
        for _ in range(_ROUNDS):
            if not sum(self._swap(column) for column in self._columns):
                break

    def _swap(self, column: list[int]) -> bool:
        ends = self._ends(column)
        has_changed = False
        for place in range(len(column) - 1):
            upper, lower = column[place], column[place + 1]
            now = _crossing(ends[upper], ends[lower])
            if now and _crossing(ends[lower], ends[upper]) < now:
                column[place], column[place + 1] = lower, upper
                has_changed = True
        self._place(column)
        return has_changed

    def sift(self) -> None:
        """Move every stop to its best position in the column, as long as that removes crossings."""
        for _ in range(_ROUNDS):
            if not sum(self._sift(column) for column in self._columns):
                break

    def _sift(self, column: list[int]) -> bool:
        width = max(map(len, self._columns))
        sides = self._ends(column)
        ends = {stop: [*before, *(width + end for end in after)] for stop, (before, after) in sides.items()}
        counts = {stop: len(ends[stop]) for stop in column}
        has_changed = False
        for stop in sorted(column, key=lambda stop: -counts[stop]):
            place = column.index(stop)
            others = column[:place] + column[place + 1 :]
            below = [cost for side in sides[stop] for cost in _costs_below(side, width)]
            ends_of_others = chain.from_iterable(map(ends.__getitem__, others))
            sums = list(accumulate(map(below.__getitem__, ends_of_others), initial=0))
            costs = [sums[count] for count in accumulate(map(counts.__getitem__, others), initial=0)]
            best = costs.index(min(costs))
            if costs[best] < costs[place]:
                column[:] = [*others[:best], stop, *others[best:]]
                has_changed = True
        self._place(column)
        return has_changed

    def _ends(self, column: Sequence[int]) -> dict[int, tuple[list[int], list[int]]]:
        """The sorted positions of the neighbours of each stop, on both sides."""
        return {
            stop: (
                sorted(self._places[neighbour] for neighbour in self._before[stop]),
                sorted(self._places[neighbour] for neighbour in self._after[stop]),
            )
            for stop in column
        }


def _crossing(upper: tuple[list[int], list[int]], lower: tuple[list[int], list[int]]) -> int:
    """The number of crossings between the links of two stops, one above the other."""
    return sum(bisect_left(lower[side], end) for side in (0, 1) for end in upper[side])


def _costs_below(ends: Sequence[int], width: int) -> list[int]:
    """How many crossings more a link has on one side if it starts above a stop and not below it, by its end.

    Args:
        ends: Where the links of the stop end on this side.
        width: One more than the largest end.
    """
    steps = [-len(ends)] + [0] * width
    for end in ends:
        steps[end] += 1
        steps[end + 1] += 1
    return list(accumulate(steps[:width]))
