"""Orders and revenue per day."""

from cbx import column, materialized_view, ref
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@materialized_view(
    key="order_date",
    columns={
        "order_date": "DATE",
        "orders": "BIGINT",
        "revenue": column("DECIMAL(18, 2)", "The total amount of the orders."),
    },
)
def daily_revenue(orders: DataFrame = ref("silver.orders_clean")) -> DataFrame:
    return orders.groupBy(F.to_date("ordered_at").alias("order_date")).agg(
        F.count("*").alias("orders"),
        F.sum("amount").cast("DECIMAL(18, 2)").alias("revenue"),
    )
