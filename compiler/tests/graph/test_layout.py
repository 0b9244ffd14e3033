"""Where boxes and lines go."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest

from cbx.render.layout.grid import Grid
from cbx.render.layout.layout import Box, Layout, Size, Spacing, lay_out
from cbx.render.layout.ordering import order_ranks
from cbx.render.layout.ranks import assign_ranks
from cbx.render.layout.shelves import lay_out_parts
from cbx.render.layout.turned import lay_out_downwards
from cbx.render.layout.weave import Weave

BOX = Size(100, 40)
SEEDS = range(8)


def lay_out_arrows(arrows: str, lanes: str = "") -> Layout:
    """The picture of arrows written as ``a-b``; lanes as ``a0 b1``, else there is one."""
    pairs = [(left, right) for left, right in (arrow.split("-") for arrow in arrows.split())]
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    given = {lane[:-1]: int(lane[-1]) for lane in lanes.split()}
    return lay_out(dict.fromkeys(names, BOX), pairs, {name: given.get(name, 0) for name in names})


def any_graph(seed: int, count: int = 60) -> tuple[dict[str, Size], list[tuple[str, str]], dict[str, int]]:
    """Boxes of several sizes in four lanes, each reading up to three of those before it."""
    chance = random.Random(seed)
    names = [f"m{number}" for number in range(count)]
    sizes = {name: Size(chance.choice([80, 160]), chance.choice([40, 90])) for name in names}
    arrows = [
        (names[chance.randrange(max(0, place - 20), place)], name)
        for place, name in enumerate(names)
        if place > count // 6
        for _ in range(chance.choice([1, 1, 2, 3]))
    ]
    return sizes, list(dict.fromkeys(arrows)), {name: place * 4 // count for place, name in enumerate(names)}


def overlap(box: Box, other: Box) -> bool:
    return (
        box.x < other.right and other.x < box.right and box.y < other.y + other.height and other.y < box.y + box.height
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_boxes_keep_apart_and_in_their_lanes(seed: int) -> None:
    """Nothing lies on anything else, and no lane reaches into another."""
    sizes, arrows, lanes = any_graph(seed)
    layout = lay_out(sizes, arrows, lanes)
    on_each_other = [pair for pair in combinations(layout.boxes, 2) if overlap(*(layout.boxes[box] for box in pair))]
    strays = [
        name
        for name, box in layout.boxes.items()
        if box.x < layout.lanes[lanes[name]][0] or box.right > layout.lanes[lanes[name]][1]
    ]
    borders = [border for lane in layout.lanes for border in lane]

    assert (on_each_other, strays, sorted(borders)) == ([], [], borders)


def wide_graph(seed: int, count: int = 600) -> tuple[dict[str, Size], list[tuple[str, str]], dict[str, int]]:
    """Lanes with more boxes than fit below each other; arrows lead to the next lane, or over it, or back."""
    chance = random.Random(seed)
    names = [f"m{number}" for number in range(count)]
    lanes = {name: place * 3 // count for place, name in enumerate(names)}
    arrows = [
        (other, name)
        for name in names
        for other in chance.sample(names, 2)
        if lanes[other] < lanes[name] or (lanes[other] > lanes[name] and chance.random() < 0.1)
    ]
    return {name: Size(100, chance.choice([40, 60])) for name in names}, arrows, lanes


def points_on(route: tuple[tuple[float, float], ...]) -> Iterator[tuple[float, float]]:
    """Points on the curve that is drawn for a route, and their distance is less than a tenth of a piece."""
    start, *controls, end = route
    ends = [((left[0] + right[0]) / 2, (left[1] + right[1]) / 2) for left, right in pairwise(controls)]
    for control, to in zip(controls, [*ends, end], strict=True):
        for step in range(11):
            at = step / 10
            weights = ((1 - at) ** 2, 2 * at * (1 - at), at**2)
            points = (start, control, to)
            yield (
                sum(weight * point[0] for weight, point in zip(weights, points, strict=True)),
                sum(weight * point[1] for weight, point in zip(weights, points, strict=True)),
            )
        start = to


def boxes_behind(layout: Layout) -> list[tuple[tuple[str, str], str]]:
    """The lines that run behind a box that is not one of their ends."""
    columns: dict[tuple[float, float], list[tuple[str, Box]]] = {}
    for name, box in layout.boxes.items():
        columns.setdefault((box.x, box.right), []).append((name, box))
    return [
        (arrow, name)
        for arrow, route in layout.routes.items()
        for x, y in points_on(route)
        for (left, right), boxes in columns.items()
        if left < x < right
        for name, box in boxes
        if box.y < y < box.y + box.height and name not in arrow
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_pass_beside_boxes(seed: int) -> None:
    """A line over several ranks goes straight through each of them, where no box is."""
    assert boxes_behind(lay_out(*any_graph(seed))) == []


@pytest.mark.parametrize("count", [12, 40, 100])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_picture_that_points_down_keeps_to_its_width(seed: int, count: int) -> None:
    """However many boxes there are: lanes are below each other, no box is on another, and no line behind one."""
    sizes, arrows, lanes = any_graph(seed, count)
    layout = lay_out_downwards(sizes, arrows, lanes, Spacing(rank=60, row=20, lane=12), 700)
    on_each_other = [pair for pair in combinations(layout.boxes, 2) if overlap(*(layout.boxes[box] for box in pair))]
    strays = [
        name
        for name, box in layout.boxes.items()
        if box.y < layout.lanes[lanes[name]][0] or box.y + box.height > layout.lanes[lanes[name]][1]
    ]

    assert (on_each_other, strays, boxes_behind(layout)) == ([], [], [])
    assert layout.width <= 700
    assert max(box.right for box in layout.boxes.values()) <= 700


@pytest.mark.parametrize("width", [300, 780, 1200])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_grid_keeps_to_its_width(seed: int, width: int) -> None:
    """No box is on another, and no line behind one, wherever on the sides of its boxes it begins and ends."""
    chance = random.Random(seed)
    sizes, arrows, _ = any_graph(seed, 40)
    grid = Grid(sizes, arrows, width)
    ends = {
        arrow: [grid.boxes[name].y + chance.randrange(int(grid.boxes[name].height)) for name in arrow]
        for arrow in arrows
    }
    routes = {arrow: grid.route(arrow, *ends[arrow]) for arrow in arrows}
    layout = Layout(grid.boxes, routes, (), grid.width, grid.height)
    on_each_other = [pair for pair in combinations(grid.boxes, 2) if overlap(*(grid.boxes[name] for name in pair))]

    assert (on_each_other, boxes_behind(layout)) == ([], [])
    assert grid.width <= width
    assert all(0 <= x <= grid.width and 0 <= y <= grid.height for route in routes.values() for x, y in route)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_lines_pass_beside_very_many_boxes(seed: int) -> None:
    """Where a rank has several columns, lines go in the gutters between its rows."""
    layout = lay_out(*wide_graph(seed))

    assert len({box.x for box in layout.boxes.values()}) > 3
    assert boxes_behind(layout) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_picture_holds_all_that_is_in_it(seed: int) -> None:
    """Nothing is cut off at its borders."""
    layout = lay_out(*(any_graph(seed) if seed else wide_graph(seed)))
    xs = [x for route in layout.routes.values() for x, _ in route] + [box.x for box in layout.boxes.values()]
    ys = [y for route in layout.routes.values() for _, y in route] + [box.y for box in layout.boxes.values()]
    far = max(box.right for box in layout.boxes.values()), max(box.y + box.height for box in layout.boxes.values())

    assert (min(xs) >= 0, min(ys) >= 0, far[0] <= layout.width, far[1] <= layout.height) == (True,) * 4


def test_a_chain_is_straight_whatever_hangs_on_it() -> None:
    """What is made of one thing alone stands beside it."""
    layout = lay_out_arrows("a-b b-c c-d a-x a-y x-z", "a0 b1 x1 y1 c2 z2 d3")

    assert layout.boxes["b"].middle == layout.boxes["c"].middle == layout.boxes["d"].middle


def test_a_long_line_is_straight_where_it_passes() -> None:
    """It bends before the first rank that it passes and after the last, not between."""
    route = lay_out_arrows("a-b b-c c-d d-e a-e").routes["a", "e"]

    assert len({y for _, y in route[2:-2]}) == 1


def test_a_parent_stands_in_the_middle_of_its_children() -> None:
    """Also of an even number of them."""
    boxes = lay_out_arrows("a-b a-c a-d a-e").boxes
    middles = sorted(boxes[name].middle for name in "bcde")

    assert boxes["a"].middle == pytest.approx(sum(middles) / 4)


def test_ranks_follow_the_arrows_within_a_lane() -> None:
    """Lanes follow each other without an empty rank, and an arrow that closes a circle counts for nothing."""
    arrows = [("a", "b"), ("b", "c"), ("c", "b"), ("a", "d")]

    assert assign_ranks(list("abcd"), arrows, {"a": 0, "b": 0, "c": 0, "d": 3}) == {"a": 0, "b": 1, "c": 0, "d": 2}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_forest_is_drawn_without_crossings(seed: int) -> None:
    """There is an order without any, and it is found from any start."""
    chance = random.Random(seed)
    parents = {f"m{place}": f"m{chance.randrange(place)}" for place in range(4, 60)}
    names = [f"m{place}" for place in range(60)]
    chance.shuffle(names)
    arrows = [(parent, name) for name, parent in parents.items()]
    order = order_ranks(names, arrows, assign_ranks(names, arrows, dict.fromkeys(names, 0)), with_waypoints=True)
    stops = {stop: number for number, stop in enumerate(stop for rank in order.ranks for stop in rank)}
    links = [(stops[left], stops[right]) for left, right in order.links]

    assert Weave([[stops[stop] for stop in rank] for rank in order.ranks], links).crossings() == 0


def test_parts_that_nothing_joins_stand_side_by_side() -> None:
    """Twenty pairs are no column of twenty rows."""
    names = [f"{side}{number}" for number in range(20) for side in "ab"]
    layout = lay_out_parts(dict.fromkeys(names, BOX), [(f"a{n}", f"b{n}") for n in range(20)], spacing=Spacing())
    on_each_other = [pair for pair in combinations(layout.boxes, 2) if overlap(*(layout.boxes[box] for box in pair))]

    assert on_each_other == []
    assert 1 < layout.width / layout.height < 3


def test_an_arrow_to_itself_goes_around() -> None:
    """It leaves and comes back at the right border."""
    layout = lay_out_arrows("a-a a-b")
    (start, _), *_, (end, _) = layout.routes["a", "a"]

    assert start == end == layout.boxes["a"].right
    assert max(x for x, _ in layout.routes["a", "a"]) < layout.boxes["b"].x


def test_nothing_gives_an_empty_picture() -> None:
    """No box, no error."""
    assert lay_out({}, [], {}).boxes == {}
