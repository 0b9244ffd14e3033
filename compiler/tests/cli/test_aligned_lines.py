"""Tables on a terminal of any width: no name is broken, no column is lost without need, no line is wrapped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbx.cli.display.aligned_lines import Line, LineColumn, aligned_lines

COLUMNS = (
    LineColumn("table"),
    LineColumn("kind", is_optional=True),
    LineColumn("status"),
    LineColumn("rows", is_number=True),
    LineColumn("time", is_number=True, is_optional=True),
)
NAMES = st.text("abcdefgh_.", min_size=1, max_size=50)
LINES = st.lists(
    st.builds(
        Line,
        st.tuples(
            NAMES,
            st.sampled_from(["streaming table", "view", ""]),
            st.sampled_from(["", "unchanged"]),
            st.integers(0, 10**9).map("{:,}".format),
            st.just("0.1 s"),
        ),
        st.sampled_from([(), (("warned", ("valid_email 2", "valid_telephone 11,000", "valid_name 1")),)]),
    ),
    min_size=1,
    max_size=6,
)


@given(LINES, st.integers(60, 200))
def test_no_line_is_wrapped_and_no_name_is_broken(lines: list[Line], width: int) -> None:
    """Every name and number stands whole in a line that has room."""
    shown = [text.plain for text in aligned_lines(COLUMNS, lines, width)]

    assert all(len(text) <= width for text in shown)
    for line in lines:
        assert any(text.split()[:1] == [line.cells[0]] for text in shown)
        assert any(line.cells[3] in text.split() for text in shown)
        items = [item for _, items in line.notes for item in items]
        assert all(any(item in text for text in shown) for item in items)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_an_empty_column_is_left_out(width: int) -> None:
    """Nobody reads a column of nothing."""
    lines = [Line(("silver.orders", "view", "", "7", "0.1 s")), Line(("silver.people", "view", "", "12", "0.1 s"))]

    assert [text.plain for text in aligned_lines(COLUMNS, lines, width)] == [
        "table          kind  rows   time",
        "silver.orders  view     7  0.1 s",
        "silver.people  view    12  0.1 s",
    ]


def test_what_is_least_needed_goes_first() -> None:
    """The time, then the kind; a name that is too long has its own line."""
    lines = [
        Line(("gold.customers_and_all_their_orders", "materialized view", "unchanged", "7", "0.1 s")),
        Line(("gold.sales", "materialized view", "", "1,200", "0.1 s")),
    ]

    assert [text.plain for text in aligned_lines(COLUMNS, lines, 40)] == [
        "table                   status      rows",
        "gold.customers_and_all_their_orders",
        "                        unchanged      7",
        "gold.sales                         1,200",
    ]
