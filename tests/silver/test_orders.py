"""Tests of `silver.orders`."""

from cbx.testing import assert_rows

LAPTOP = {"item_id": 11, "name": "Laptop", "category": "Computers", "price": "999.90", "quantity": 1}
CABLE = {"item_id": 12, "name": "Cable", "category": "Accessories", "price": "4.50", "quantity": 3}


def test_an_order_becomes_one_row_an_item(run_model):
    """Each row has the values of the order and of one item."""
    order = {
        "order_id": 7,
        "customer_id": 1,
        "order_timestamp": "2026-01-01 10:00:00",
        "payment_method": "PayPal",
        "order_status": "Pending",
        "items": [LAPTOP, CABLE],
    }

    result = run_model("silver.orders", given={"silver.orders_clean": [order]})

    assert_rows(
        result,
        """
        order_id | customer_id | order_timestamp     | payment_method | order_status
        7        | 1           | 2026-01-01 10:00:00 | PayPal         | Pending
        7        | 1           | 2026-01-01 10:00:00 | PayPal         | Pending
        """,
    )
    assert_rows(
        result,
        """
        item_id | item_name | item_category | item_price | item_quantity
        11      | Laptop    | Computers     | 999.90     | 1
        12      | Cable     | Accessories   | 4.50       | 3
        """,
        key="item_id",
    )


def test_an_order_without_items_leaves_no_row(run_model):
    """There are no order items."""
    order = {"order_id": 7, "customer_id": 1}

    result = run_model("silver.orders", given={"silver.orders_clean": [{**order, "items": []}, order]})

    assert result.rows() == []
