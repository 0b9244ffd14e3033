"""Tests of `gold.daily_sales`."""

from cbx.testing import assert_rows


def test_a_day_has_what_was_ordered_in_it(run_model):
    """Orders and customers count once, whatever their number of rows; a day ends at midnight in UTC."""
    result = run_model(
        "gold.daily_sales",
        given={
            "silver.orders": """
                order_id | customer_id | order_timestamp     | order_status | item_price | item_quantity
                7        | 1           | 2026-01-01 00:00:00 | Completed    | 10.00      | 1
                7        | 1           | 2026-01-01 00:00:00 | Completed    | 2.50       | 3
                8        | 1           | 2026-01-01 23:59:59 | Shipped      | 1.10       | 1
                9        | 2           | 2026-01-02 00:00:00 | Pending      | 0.05       | 2
            """,
        },
    )

    assert_rows(
        result,
        """
        order_date | orders | customers | items_sold | revenue
        2026-01-01 | 2      | 1         | 5          | 18.60
        2026-01-02 | 1      | 1         | 2          | 0.10
        """,
    )


def test_cancelled_orders_are_left_out(run_model):
    """A cancelled order is not a sale."""
    result = run_model(
        "gold.daily_sales",
        given={
            "orders": [
                {"order_id": 7, "order_timestamp": "2026-01-01 10:00:00", "order_status": "Cancelled"},
                {"order_id": 8, "order_timestamp": "2026-01-01 10:00:00", "order_status": "Pending"},
            ]
        },
    )

    assert result.rows("orders") == [(1,)]
