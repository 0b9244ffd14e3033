"""Sales per day, without cancelled orders."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from cbx import column, materialized_view, ref
from macros.money import revenue


@materialized_view(
    key="order_date",
    columns={
        "order_date": column("DATE", not_null=True),
        "orders": "BIGINT",
        "customers": "BIGINT",
        "items_sold": "BIGINT",
        "revenue": "DECIMAL(18, 2)",
    },
)
def daily_sales(orders: DataFrame = ref("silver.orders")) -> DataFrame:
    return (
        orders.where("order_status <> 'Cancelled'")
        .groupBy(F.to_date("order_timestamp").alias("order_date"))
        .agg(
            F.countDistinct("order_id").alias("orders"),
            F.countDistinct("customer_id").alias("customers"),
            F.sum("item_quantity").alias("items_sold"),
            revenue().alias("revenue"),
        )
    )
