"""Positions for very many boxes: each rank becomes a block of several columns."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, sqrt

from cbx.render.layout.ordering import Order, Stop
from cbx.render.layout.placing import Sized

_FEWEST_ROWS = 120


def rows_for(boxes: int) -> int:
    """The number of rows for which a picture has about the proportions of a screen."""
    return max(_FEWEST_ROWS, ceil(1.6 * sqrt(boxes)))


def pack(
    order: Order, sizes: Mapping[str, Sized], most_rows: int, gap: float
) -> tuple[list[tuple[list[str], ...]], dict[Stop, float]]:
    """Fill the columns of every rank row by row, so that neighbours in the order stay at about the same height.

    The rows of all ranks are on the same lines, with gutters between them (`gutters.py`).

    Args:
        order: The ranks; waypoints are ignored.
        sizes: The sizes of the boxes; all rows are as high as the highest box.
        most_rows: The largest number of rows in a column.
        gap: The space between rows.

    Returns:
        The columns of each rank, and the y coordinate of the middle of each box.
    """
    step = max((size.height for size in sizes.values()), default=0.0) + gap
    ranks = [[stop for stop in rank if isinstance(stop, str)] for rank in order.ranks]
    counts = [max(ceil(len(names) / most_rows), 1) for names in ranks]
    highest = max((ceil(len(names) / count) for names, count in zip(ranks, counts, strict=True)), default=0)
    columns: list[tuple[list[str], ...]] = []
    middles: dict[Stop, float] = {}
    for names, count in zip(ranks, counts, strict=True):
        columns.append(tuple(names[start::count] for start in range(count)))
        top = (highest - ceil(len(names) / count)) // 2 * step
        for place, name in enumerate(names):
            middles[name] = round(top + place // count * step + (step - gap) / 2, 1)
    return columns, middles
