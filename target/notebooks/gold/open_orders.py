# Databricks notebook source
# MAGIC %md
# MAGIC # gold.open_orders
# MAGIC Orders that wait to be sent, with all that the warehouse needs to send them.
# MAGIC
# MAGIC Reads `silver.orders_clean`, `silver.orders`, `silver.customers`, `silver.current_addresses`. Compiled by cbx from `models/gold/open_orders.py`: change the model, not this notebook.

# COMMAND ----------

import dlt
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# COMMAND ----------

# macros/money.py
def revenue() -> Column:
    """What the order items of a group cost together."""
    return F.sum(F.col("item_price") * F.col("item_quantity")).cast("DECIMAL(18, 2)")

# COMMAND ----------

def open_orders(
    orders: DataFrame,
    order_items: DataFrame,
    customers: DataFrame,
    addresses: DataFrame,
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

# COMMAND ----------

@dlt.table(
    name="gold.open_orders",
    comment="Orders that wait to be sent, with all that the warehouse needs to send them.",
    schema="""
        order_id BIGINT NOT NULL,
        order_timestamp TIMESTAMP,
        customer_id BIGINT,
        customer_name STRING,
        telephone STRING,
        address_line_1 STRING,
        city STRING,
        state STRING,
        postcode STRING,
        items_ordered BIGINT,
        order_amount DECIMAL(18, 2),
        CONSTRAINT open_orders_key PRIMARY KEY (order_id)
    """,
    table_properties={"quality": "gold"},
)
@dlt.expect("known_address", "address_line_1 IS NOT NULL")
def gold_open_orders():
    return open_orders(
        orders=spark.read.table("silver.orders_clean"),
        order_items=spark.read.table("silver.orders"),
        customers=spark.read.table("silver.customers"),
        addresses=spark.read.table("silver_current_addresses"),
    )
