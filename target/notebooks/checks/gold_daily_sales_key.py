# Databricks notebook source
# MAGIC %md
# MAGIC # gold_daily_sales_key
# MAGIC Each `order_date` has one row in `gold.daily_sales`.
# MAGIC
# MAGIC Reads `gold.daily_sales`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="gold_daily_sales_key",
    comment="gold.daily_sales has one row for each order_date",
    private=True,
)
@dlt.expect("key_is_unique", "num_entries = 1")
def gold_daily_sales_key():
    return (
        spark.read.table("gold.daily_sales")
        .groupBy("order_date")
        .agg(F.count("*").alias("num_entries"))
    )
