"""Orders that passed the quality gate, each with the list of its items."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from cbx import column, expect, expect_or_fail, one_to_many, stream, streaming_table

ITEMS = "ARRAY<STRUCT<item_id: BIGINT, name: STRING, category: STRING, price: DECIMAL(10, 2), quantity: INT>>"


@streaming_table(
    key="order_id",
    relationships=[one_to_many("silver.orders", on="order_id")],
    columns={
        "order_id": column("BIGINT", not_null=True),
        "customer_id": column("BIGINT", not_null=True),
        "order_timestamp": "TIMESTAMP",
        "payment_method": "STRING",
        "order_status": "STRING",
        "items": ITEMS,
    },
    expectations=[
        expect_or_fail("valid_order_id", "order_id IS NOT NULL"),
        expect_or_fail("valid_customer_id", "customer_id IS NOT NULL"),
        expect(
            "valid_order_status",
            "{{ one_of('order_status', ['Pending', 'Shipped', 'Cancelled', 'Completed']) }}",
        ),
        expect(
            "valid_payment_method",
            "{{ one_of('payment_method', ['Credit Card', 'Bank Transfer', 'PayPal']) }}",
        ),
    ],
)
def orders_clean(orders: DataFrame = stream("bronze.orders")) -> DataFrame:
    return orders.select(
        "order_id",
        "customer_id",
        F.col("order_timestamp").try_cast("TIMESTAMP").alias("order_timestamp"),
        "payment_method",
        "order_status",
        "items",
    )
