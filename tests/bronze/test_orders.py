"""Tests of `bronze.orders`."""

from datetime import datetime
from decimal import Decimal


def test_orders_are_kept_as_they_landed(run_model):
    """An order contains its items."""
    order = {
        "order_id": 7,
        "customer_id": 1,
        "order_timestamp": "2026-01-01 10:00:00",
        "payment_method": "PayPal",
        "order_status": "Pending",
        "items": [
            {"item_id": 11, "name": "Laptop", "category": "Computers", "price": Decimal("999.90"), "quantity": 1},
            {"item_id": 12, "name": "Cable", "category": "Accessories", "price": Decimal("4.50"), "quantity": 3},
        ],
    }

    result = run_model("bronze.orders", given={"orders": [order]})

    assert result.rows(*order) == [tuple(order.values())]


def test_a_row_tells_its_file_and_when_it_was_loaded(run_model):
    """The origin of a wrong row can be found."""
    result = run_model(
        "bronze.orders",
        given={"orders": [{"order_id": 7, "_metadata": {"file_path": "orders/2026-01-01.json"}}]},
        now="2026-01-02 05:00:00",
    )

    loaded_at = datetime(2026, 1, 2, 5)  # noqa: DTZ001 - in UTC, as all times of a result
    assert result.rows("source_file", "loaded_at") == [("orders/2026-01-01.json", loaded_at)]
