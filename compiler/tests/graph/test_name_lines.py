"""Names that break between their words."""

from __future__ import annotations

import pytest

from cbx.render.labels import text_width
from cbx.render.name_lines import break_name, narrowest_width


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("customer_order_summary", ["customer_", "order_", "summary"]),
        ("${landing}/orders", ["${landing}", "/orders"]),
        ("archive.payments_2025", ["archive.", "payments_", "2025"]),
        ("materialized view", ["materialized", "view"]),
        ("orders", ["orders"]),
        ("", [""]),
    ],
)
def test_a_name_breaks_between_its_words(name: str, lines: list[str]) -> None:
    """In its narrowest width, which has room for each of its words."""
    assert break_name(name, 12, narrowest_width(name, 12, 3)) == lines


def test_a_name_is_no_wider_than_it_has_to_be() -> None:
    """Two lines are as long as the longer half of the name."""
    width = narrowest_width("customer_order_summary", 12, 2)

    assert break_name("customer_order_summary", 12, width) == ["customer_", "order_summary"]
    assert width == text_width("order_summary", 12)


def test_a_word_that_is_too_wide_is_cut() -> None:
    """Rather than to reach over the border."""
    assert break_name("customers_and_their_orders", 12, 40) == ["cust…", "and_", "their_", "orders"]
