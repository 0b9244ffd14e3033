# Databricks notebook source
# MAGIC %md
# MAGIC # silver_customers_clean_key
# MAGIC Each `customer_id`, `created_date` has one row in `silver.customers_clean`.
# MAGIC
# MAGIC Reads `silver.customers_clean`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="silver_customers_clean_key",
    comment="silver.customers_clean has one row for each customer_id, created_date",
    private=True,
)
@dlt.expect("key_is_unique", "num_entries = 1")
def silver_customers_clean_key():
    return (
        spark.read.table("silver.customers_clean")
        .groupBy("customer_id", "created_date")
        .agg(F.count("*").alias("num_entries"))
    )
