"""The first step: assign a rank, that is a column, to every box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def assign_ranks(names: Sequence[str], arrows: Sequence[tuple[str, str]], lanes: Mapping[str, int]) -> dict[str, int]:
    """The rank of each box: as far left in its lane as the arrows within the lane allow.

    There is no empty rank between lanes. An arrow that would close a cycle is ignored.

    Example:
        ``a -> b`` in lane 0 and ``c`` in lane 1 give ``{"a": 0, "b": 1, "c": 2}``.
    """
    depths = _depths(names, [arrow for arrow in arrows if lanes[arrow[0]] == lanes[arrow[1]]])
    widths: dict[int, int] = {}
    for name in names:
        widths[lanes[name]] = max(widths.get(lanes[name], 0), depths[name] + 1)
    starts, start = {}, 0
    for lane in sorted(widths):
        starts[lane] = start
        start += widths[lane]
    return {name: starts[lanes[name]] + depths[name] for name in names}


def _depths(names: Sequence[str], arrows: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The length of the longest path to each box; without recursion, because paths may be long."""
    before: dict[str, list[str]] = {name: [] for name in names}
    for source, target in arrows:
        before[target].append(source)
    depths: dict[str, int] = {}
    for name in names:
        path, under_way = [(name, iter(before[name]))], {name}
        while path:
            here, rest = path[-1]
            further = None if here in depths else next((parent for parent in rest if parent not in under_way), None)
            if further is None:
                path.pop()
                under_way.discard(here)
                depths.setdefault(
                    here, max((depths[parent] + 1 for parent in before[here] if parent in depths), default=0)
                )
            elif further not in depths:
                path.append((further, iter(before[further])))
                under_way.add(further)
    return depths
