"""Ways through ranks of several columns: arrows go in the gutters between rows, never behind boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import floor

from cbx.render.layout.ordering import Stop

Border = tuple[float, float]
"""The left and the right border of a column."""

Pass = tuple[float, float, float]
"""Where an arrow passes boxes: from the left to the right, and its y coordinate."""

_FEWEST_TRACKS = 5
_TRACK = 4.0
"""The distance of two tracks, in pixels, where a gutter has room for more than the fewest."""


class Gutters:
    """The gutters of a picture whose rows are all as high; arrows in the same gutter get tracks beside each other.

    Args:
        step: The distance of two rows, with the gutter below a row.
        gap: The height of a gutter.
        rows: The number of rows.
        columns: The borders of the columns of each rank.
    """

    def __init__(self, step: float, gap: float, rows: int, columns: Sequence[Sequence[Border]]) -> None:
        self._step = step
        self._gap = gap
        self._rows = rows
        self._columns = columns
        self._tracks = max(_FEWEST_TRACKS, int(gap / _TRACK))
        self._used: Counter[tuple[int, int]] = Counter()

    def find_way(
        self,
        arrow: tuple[str, str],
        ranks: Mapping[str, int],
        lefts: Mapping[str, float],
        middles: Mapping[Stop, float],
    ) -> list[Pass]:
        """Where an arrow passes the columns between its boxes: one gutter per rank.

        Args:
            arrow: The boxes, the first in a lower rank than the second.
            ranks: The rank of each box.
            lefts: The left border of each box.
            middles: The y coordinate of the middle of each box.
        """
        source, target = arrow
        passes = []
        for rank in range(ranks[source], ranks[target] + 1):
            columns = [
                column
                for column in self._columns[rank]
                if (rank > ranks[source] or column[0] > lefts[source])
                and (rank < ranks[target] or column[0] < lefts[target])
            ]
            if columns:
                near, far = (target, source) if rank == ranks[target] else (source, target)
                y = self._level(rank, middles[near], middles[far])
                passes.append((columns[0][0], columns[-1][1], y))
        return passes

    def _level(self, rank: int, near: float, far: float) -> float:
        """The middle of the gutter beside a row, on the side of the other box, moved to a free track."""
        row = floor(near / self._step)
        below = min(max(row + (far > near), 1), max(self._rows - 1, 1))
        place = self._used[rank, below] % self._tracks
        track = (place + 1) // 2 * (1 if place % 2 else -1)
        self._used[rank, below] += 1
        return round(below * self._step - self._gap / 2 + track * self._gap / (self._tracks + 1), 1)
