# Databricks notebook source
# MAGIC %md
# MAGIC # silver_current_addresses_key
# MAGIC Each `customer_id` has one row in `silver_current_addresses`.
# MAGIC
# MAGIC Reads `silver.current_addresses`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="silver_current_addresses_key",
    comment="silver_current_addresses has one row for each customer_id",
    private=True,
)
@dlt.expect("key_is_unique", "num_entries = 1")
def silver_current_addresses_key():
    return (
        spark.read.table("silver_current_addresses")
        .groupBy("customer_id")
        .agg(F.count("*").alias("num_entries"))
    )
