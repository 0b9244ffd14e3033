"""Orders that passed the quality gate."""

from cbx import column, expect, expect_or_drop, stream, streaming_table
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@streaming_table(
    key="order_id",
    columns={
        "order_id": column("BIGINT", not_null=True),
        "customer": "STRING",
        "ordered_at": "TIMESTAMP",
        "amount": "DECIMAL(10, 2)",
    },
    expectations=[
        expect_or_drop("has_amount", "amount IS NOT NULL"),
        expect("known_time", "ordered_at IS NOT NULL"),
    ],
)
def orders_clean(orders: DataFrame = stream("bronze.orders")) -> DataFrame:
    return orders.select(
        "order_id",
        F.trim("customer").alias("customer"),
        F.expr("try_cast(ordered_at AS TIMESTAMP)").alias("ordered_at"),
        "amount",
    )
