"""Pictures from top to bottom: as high as it takes, but no wider than a column of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cbx.render.layout.layout import Arrow, Box, Layout, Size, Spacing, lay_out

_WIDEST_GUTTER = 60.0


def lay_out_downwards(
    sizes: Mapping[str, Size], arrows: Sequence[Arrow], lanes: Mapping[str, int], spacing: Spacing, width: float
) -> Layout:
    """Place boxes so that arrows point down, each lane below the one before; a rank that is too wide gets several rows.

    Args:
        sizes: The boxes; otherwise equal boxes keep this order.
        arrows: Pairs of boxes.
        lanes: The lane of every box, numbered from the top from 0.
        spacing: The distances: ``row`` is that of boxes beside each other.
        width: The largest width of the picture; only a box that is wider exceeds it.

    Returns:
        The layout; its lanes have upper and lower borders.
    """
    turned = {name: Size(size.height, size.width) for name, size in sizes.items()}
    layout = lay_out(turned, arrows, lanes, spacing)
    if layout.height > width:
        widest = max(size.width for size in sizes.values())
        beside = max(int((width + spacing.row) / (widest + spacing.row)), 1)
        room = (width - beside * widest) / max(beside - 1, 1)
        wide = replace(spacing, row=min(max(room, spacing.row), _WIDEST_GUTTER), column=spacing.row * 2)
        layout = lay_out(turned, arrows, lanes, wide, most_rows=beside)
    return Layout(
        boxes={name: Box(box.y, box.x, box.height, box.width) for name, box in layout.boxes.items()},
        routes={arrow: tuple((x, y) for y, x in route) for arrow, route in layout.routes.items()},
        lanes=layout.lanes,
        width=layout.height,
        height=layout.width,
    )
