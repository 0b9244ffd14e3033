"""Tests of the macros of `macros/expectations.sql`, each alone."""


def test_at_least_digits(render_macro):
    """A condition on the length of a column that holds digits."""
    assert render_macro("at_least_digits", "telephone", 10) == "length(telephone) >= 10"


def test_exactly_characters(render_macro):
    """A condition on the length of a text."""
    assert render_macro("exactly_characters", "postcode", count=5) == "length(postcode) = 5"


def test_one_of(render_macro):
    """A condition that lists texts."""
    assert render_macro("one_of", "order_status", ["Pending", "Shipped"]) == "order_status IN ('Pending', 'Shipped')"


def test_revenue(render_macro):
    """A sum of money, in cents that do not get lost."""
    assert render_macro("revenue") == "CAST(sum(item_price * item_quantity) AS DECIMAL(18, 2))"
