"""Tests of `bronze.orders`."""

from cbx.testing import assert_rows


def test_orders_are_not_changed(run_model):
    """Bronze keeps invalid values, so that they can be inspected."""
    landed = """
        order_id | customer | ordered_at | amount
        1        | " Ada"   | yesterday  | 20.50
    """

    assert_rows(run_model("bronze.orders", given={"${landing}/orders": landed}), landed)
