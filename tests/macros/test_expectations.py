"""Tests of the macros of `macros/expectations.sql` and `macros/money.sql`."""


def test_at_least_digits(render_macro):
    """A condition on the length of a string of digits."""
    assert render_macro("at_least_digits", "telephone", 10) == "length(telephone) >= 10"


def test_exactly_characters(render_macro):
    """A condition on the length of a string."""
    assert render_macro("exactly_characters", "postcode", count=5) == "length(postcode) = 5"


def test_one_of(render_macro):
    """A condition with a list of strings."""
    assert render_macro("one_of", "order_status", ["Pending", "Shipped"]) == "order_status IN ('Pending', 'Shipped')"


def test_revenue(render_macro):
    """The sum is a decimal, so that no cents are lost."""
    assert render_macro("revenue") == "CAST(sum(item_price * item_quantity) AS DECIMAL(18, 2))"
