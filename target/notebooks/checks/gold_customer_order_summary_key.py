# Databricks notebook source
# MAGIC %md
# MAGIC # gold_customer_order_summary_key
# MAGIC Each `customer_id` has one row in `gold.customer_order_summary`.
# MAGIC
# MAGIC Reads `gold.customer_order_summary`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="gold_customer_order_summary_key",
    comment="gold.customer_order_summary has one row for each customer_id",
    private=True,
)
@dlt.expect("key_is_unique", "num_entries = 1")
def gold_customer_order_summary_key():
    return (
        spark.read.table("gold.customer_order_summary")
        .groupBy("customer_id")
        .agg(F.count("*").alias("num_entries"))
    )
