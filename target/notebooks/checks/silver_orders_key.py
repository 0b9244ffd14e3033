# Databricks notebook source
# MAGIC %md
# MAGIC # silver_orders_key
# MAGIC Each `order_id`, `item_id` has one row in `silver.orders`.
# MAGIC
# MAGIC Reads `silver.orders`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="silver_orders_key",
    comment="silver.orders has one row for each order_id, item_id",
    private=True,
)
@dlt.expect("key_is_unique", "num_entries = 1")
def silver_orders_key():
    return (
        spark.read.table("silver.orders")
        .groupBy("order_id", "item_id")
        .agg(F.count("*").alias("num_entries"))
    )
