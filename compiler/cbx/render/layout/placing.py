"""The third step: the height of every box, so that lines are straight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cbx.render.layout.ordering import Order, Stop, Waypoint

_SWEEPS = 16
_WAYPOINT_HEIGHT = 10.0


class Sized(Protocol):
    """What has a height."""

    @property
    def height(self) -> float:
        """In pixels."""


def place(order: Order, sizes: Mapping[str, Sized], gap: float) -> dict[Stop, float]:
    """The height of the middle of everything that stands in a rank; the uppermost border is at 0.

    Each rank in turn is moved as near to its neighbours as its order and the gaps let it, which is least squares
    under an order: pooling adjacent violators (Barlow et al., "Statistical Inference under Order Restrictions", 1972).

    Args:
        order: The ranks.
        sizes: How high each box is.
        gap: The least space between two boxes.
    """
    heights = {
        one: _WAYPOINT_HEIGHT if isinstance(one, Waypoint) else sizes[one].height for r in order.ranks for one in r
    }
    neighbours: dict[Stop, list[Stop]] = {one: [] for one in heights}
    for left, right in order.links:
        neighbours[left].append(right)
        neighbours[right].append(left)
    middles = {one: middle for rank in order.ranks for one, middle in _stacked(rank, heights, gap).items()}
    rank_of = {one: number for number, rank in enumerate(order.ranks) for one in rank}
    for sweep in range(_SWEEPS):
        leads_right = sweep % 2 == 0
        for rank in order.ranks if leads_right else reversed(order.ranks):
            wanted = []
            for one in rank:
                sides = neighbours[one]
                if sweep < _SWEEPS - 4:  # first from one side only, which moves whole groups; both sides at the end
                    sides = [other for other in sides if (rank_of[other] < rank_of[one]) == leads_right]
                wanted.append(sum(middles[other] for other in sides) / len(sides) if sides else middles[one])
            middles.update(zip(rank, _kept_apart(rank, wanted, heights, gap), strict=True))
    highest = min((middles[one] - heights[one] / 2 for one in middles), default=0.0)
    return {one: round(middle - highest, 1) for one, middle in middles.items()}


def _stacked(rank: Sequence[Stop], heights: Mapping[Stop, float], gap: float) -> dict[Stop, float]:
    """One below the other, the whole rank around 0."""
    total = sum(heights[one] + gap for one in rank) - gap
    top, middles = -total / 2, {}
    for one in rank:
        middles[one] = top + heights[one] / 2
        top += heights[one] + gap
    return middles


def _kept_apart(
    rank: Sequence[Stop], wanted: Sequence[float], heights: Mapping[Stop, float], gap: float
) -> list[float]:
    """The middles that are nearest to the wanted ones, in order and without overlap."""
    offsets, offset = [], 0.0
    for number, one in enumerate(rank):
        if number:
            offset += (heights[rank[number - 1]] + heights[one]) / 2 + gap
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []  # the sum of what is wanted, the weight, and how many
    for one, middle, shift in zip(rank, wanted, offsets, strict=True):
        weight = 4.0 if isinstance(one, Waypoint) else 1.0
        total, count = (middle - shift) * weight, 1
        while pools and pools[-1][0] / pools[-1][1] > total / weight:
            further_total, further_weight, further_count = pools.pop()
            total, weight, count = total + further_total, weight + further_weight, count + further_count
        pools.append((total, weight, count))
    bases = [total / weight for total, weight, count in pools for _ in range(count)]
    return [base + shift for base, shift in zip(bases, offsets, strict=True)]
