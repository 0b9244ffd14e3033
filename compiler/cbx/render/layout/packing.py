"""Places for so many boxes that a rank in one column would be a needle: each rank becomes a block."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, sqrt

from cbx.render.layout.ordering import Order, Stop
from cbx.render.layout.placing import Sized

_FEWEST_ROWS = 120


def rows_for(boxes: int) -> int:
    """How many rows make a picture of so many boxes about as wide as a screen is."""
    return max(_FEWEST_ROWS, ceil(1.6 * sqrt(boxes)))


def pack(
    order: Order, sizes: Mapping[str, Sized], most_rows: int, gap: float
) -> tuple[list[tuple[list[str], ...]], dict[Stop, float]]:
    """The columns of every rank, filled row by row, so that neighbours in the order stay at about the same height.

    Args:
        order: The ranks; waypoints have no place here.
        sizes: How high each box is; all rows are as high as the highest.
        most_rows: How many rows a column has at most.
        gap: The space between rows.

    Returns:
        The columns of each rank, and the height of the middle of each box.
    """
    step = max((size.height for size in sizes.values()), default=0.0) + gap
    columns: list[tuple[list[str], ...]] = []
    middles: dict[Stop, float] = {}
    for rank in order.ranks:
        names = [stop for stop in rank if isinstance(stop, str)]
        count = max(ceil(len(names) / most_rows), 1)
        columns.append(tuple(names[start::count] for start in range(count)))
        rows = ceil(len(names) / count)
        top = (min(most_rows, max(len(rank) for rank in order.ranks)) - rows) * step / 2
        for place, name in enumerate(names):
            middles[name] = round(top + place // count * step + (step - gap) / 2, 1)
    return columns, middles
