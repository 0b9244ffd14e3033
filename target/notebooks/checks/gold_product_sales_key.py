# Databricks notebook source
# MAGIC %md
# MAGIC # gold_product_sales_key
# MAGIC Each `item_id` has one row in `gold.product_sales`.
# MAGIC
# MAGIC Reads `gold.product_sales`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="gold_product_sales_key",
    comment="gold.product_sales has one row for each item_id",
    private=True,
)
@dlt.expect("key_is_unique", "num_entries = 1")
def gold_product_sales_key():
    return (
        spark.read.table("gold.product_sales")
        .groupBy("item_id")
        .agg(F.count("*").alias("num_entries"))
    )
