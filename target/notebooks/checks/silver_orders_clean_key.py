# Databricks notebook source
# MAGIC %md
# MAGIC # silver_orders_clean_key
# MAGIC Each `order_id` has one row in `silver.orders_clean`.
# MAGIC
# MAGIC Reads `silver.orders_clean`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="silver_orders_clean_key",
    comment="silver.orders_clean has one row for each order_id",
    private=True,
)
@dlt.expect("key_is_unique", "num_entries = 1")
def silver_orders_clean_key():
    return (
        spark.read.table("silver.orders_clean")
        .groupBy("order_id")
        .agg(F.count("*").alias("num_entries"))
    )
