"""Pending orders, with the customer, the address and the totals that the warehouse needs."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from cbx import column, expect, many_to_one, materialized_view, ref
from macros.money import revenue


@materialized_view(
    key="order_id",
    relationships=[many_to_one("silver.customers", on="customer_id")],
    columns={
        "order_id": column("BIGINT", not_null=True),
        "order_timestamp": "TIMESTAMP",
        "customer_id": "BIGINT",
        "customer_name": "STRING",
        "telephone": "STRING",
        "address_line_1": "STRING",
        "city": "STRING",
        "state": "STRING",
        "postcode": "STRING",
        "items_ordered": "BIGINT",
        "order_amount": "DECIMAL(18, 2)",
    },
    expectations=[expect("known_address", "address_line_1 IS NOT NULL")],
)
def open_orders(
    orders: DataFrame = ref("silver.orders_clean"),
    order_items: DataFrame = ref("silver.orders"),
    customers: DataFrame = ref("silver.customers"),
    addresses: DataFrame = ref("silver.current_addresses"),
) -> DataFrame:
    totals = order_items.groupBy("order_id").agg(
        F.sum("item_quantity").alias("items_ordered"),
        revenue().alias("order_amount"),
    )
    return (
        orders.where("order_status = 'Pending'")
        .join(totals, "order_id")
        .join(customers, "customer_id", "left")
        .join(addresses, "customer_id", "left")
        .select(
            "order_id",
            "order_timestamp",
            "customer_id",
            "customer_name",
            "telephone",
            "address_line_1",
            "city",
            "state",
            "postcode",
            "items_ordered",
            "order_amount",
        )
    )
