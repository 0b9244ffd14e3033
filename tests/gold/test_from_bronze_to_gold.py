"""Several models at once: each reads the results of the models before it."""

from cbx.testing import assert_rows


def test_an_order_of_bronze_arrives_in_the_sales_of_its_day(run_models):
    """From the landed order to the number in the report."""
    items = [{"item_id": 11, "price": "10.00", "quantity": 2}, {"item_id": 12, "price": "0.50", "quantity": 1}]
    order = {"order_id": 7, "customer_id": 1, "order_timestamp": "2026-01-01 10:00:00", "items": items}

    results = run_models(
        ["silver.orders_clean", "silver.orders", "gold.daily_sales"],
        given={"bronze.orders": [{**order, "order_status": "Pending"}]},
    )

    assert_rows(
        results["gold.daily_sales"],
        """
        order_date | orders | customers | items_sold | revenue
        2026-01-01 | 1      | 1         | 3          | 20.50
        """,
    )
