# Databricks notebook source
# MAGIC %md
# MAGIC # gold_open_orders_key
# MAGIC Each `order_id` has one row in `gold.open_orders`.
# MAGIC
# MAGIC Reads `gold.open_orders`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="gold_open_orders_key",
    comment="gold.open_orders has one row for each order_id",
    private=True,
)
@dlt.expect("key_is_unique", "num_entries = 1")
def gold_open_orders_key():
    return (
        spark.read.table("gold.open_orders")
        .groupBy("order_id")
        .agg(F.count("*").alias("num_entries"))
    )
