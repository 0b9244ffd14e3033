"""Tests of `gold.product_sales`."""

from cbx.testing import assert_rows

ORDERS = """
    order_id | order_timestamp     | order_status | item_id | item_name | item_category | item_price | item_quantity
    7        | 2026-01-02 10:00:00 | Pending      | 11      | Laptop II | Computers     | 999.90     | 1
    8        | 2026-01-01 10:00:00 | Shipped      | 11      | Laptop    | Electronics   | 899.90     | 2
    8        | 2026-01-01 10:00:00 | Shipped      | 11      | Laptop    | Electronics   | 100.00     | 1
    8        | 2026-01-01 10:00:00 | Shipped      | 12      | Cable     | Accessories   | 4.50       | 3
"""


def test_a_product_has_what_was_sold_of_it(run_model):
    """The latest name and category are used, and an order counts once."""
    result = run_model(
        "gold.product_sales",
        given={
            "silver.orders": ORDERS,
        },
    )

    assert_rows(
        result,
        """
        item_id | item_name | item_category | orders | items_sold | revenue | last_ordered_at
        11      | Laptop II | Computers     | 2      | 4          | 2899.70 | 2026-01-02 10:00:00
        12      | Cable     | Accessories   | 1      | 3          | 13.50   | 2026-01-01 10:00:00
        """,
    )


def test_cancelled_orders_are_left_out(run_model):
    """A cancelled order is not a sale."""
    result = run_model("gold.product_sales", given={"silver.orders": [{"item_id": 11, "order_status": "Cancelled"}]})

    assert result.rows() == []
