# Databricks notebook source
# MAGIC %md
# MAGIC # gold.daily_sales
# MAGIC What the shop sells in a day, cancelled orders left out.
# MAGIC
# MAGIC Reads `silver.orders`. Compiled by cbx from `models/gold/daily_sales.py`: change the model, not this notebook.

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

def daily_sales(orders: DataFrame) -> DataFrame:
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

# COMMAND ----------

@dlt.table(
    name="gold.daily_sales",
    comment="What the shop sells in a day, cancelled orders left out.",
    schema="""
        order_date DATE NOT NULL,
        orders BIGINT,
        customers BIGINT,
        items_sold BIGINT,
        revenue DECIMAL(18, 2),
        CONSTRAINT daily_sales_key PRIMARY KEY (order_date)
    """,
    table_properties={"quality": "gold"},
)
def gold_daily_sales():
    return daily_sales(spark.read.table("silver.orders"))
