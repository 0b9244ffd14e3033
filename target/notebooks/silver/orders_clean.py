# Databricks notebook source
# MAGIC %md
# MAGIC # silver.orders_clean
# MAGIC Orders that passed the quality gate, each with the list of its items.
# MAGIC
# MAGIC Reads `bronze.orders`. Compiled by cbx from `models/silver/orders_clean.py`: change the model, not this notebook.

# COMMAND ----------

import dlt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

# COMMAND ----------

def orders_clean(orders: DataFrame) -> DataFrame:
    return orders.select(
        "order_id",
        "customer_id",
        F.col("order_timestamp").try_cast("TIMESTAMP").alias("order_timestamp"),
        "payment_method",
        "order_status",
        "items",
    )

# COMMAND ----------

@dlt.table(
    name="silver.orders_clean",
    comment="Orders that passed the quality gate, each with the list of its items.",
    schema="""
        order_id BIGINT NOT NULL,
        customer_id BIGINT NOT NULL,
        order_timestamp TIMESTAMP,
        payment_method STRING,
        order_status STRING,
        items ARRAY<STRUCT<item_id: BIGINT, name: STRING, category: STRING, price: DECIMAL(10, 2), quantity: INT>>,
        CONSTRAINT orders_clean_key PRIMARY KEY (order_id)
    """,
    table_properties={"quality": "silver"},
)
@dlt.expect_or_fail("valid_order_id", "order_id IS NOT NULL")
@dlt.expect_or_fail("valid_customer_id", "customer_id IS NOT NULL")
@dlt.expect("valid_order_status", "order_status IN ('Pending', 'Shipped', 'Cancelled', 'Completed')")
@dlt.expect("valid_payment_method", "payment_method IN ('Credit Card', 'Bank Transfer', 'PayPal')")
def silver_orders_clean():
    return orders_clean(spark.readStream.table("bronze.orders"))
