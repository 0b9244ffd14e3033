# Databricks notebook source
# MAGIC %md
# MAGIC # Orders
# MAGIC From the landing files to clean orders.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------


@dlt.table(name="bronze.orders", comment="Orders from the landing files, one row per order.")
def orders():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.schemaHints", "order_id BIGINT, customer STRING, ordered_at STRING, amount DECIMAL(10, 2)")
        .load(spark.conf.get("landing") + "/orders")
    )


# COMMAND ----------


@dlt.table(name="silver.orders_clean", comment="Orders that passed the quality gate.")
@dlt.expect_or_drop("has_amount", "amount IS NOT NULL")
@dlt.expect("known_time", "ordered_at IS NOT NULL")
def orders_clean():
    return spark.readStream.table("bronze.orders").select(
        "order_id",
        F.trim("customer").alias("customer"),
        F.expr("try_cast(ordered_at AS TIMESTAMP)").alias("ordered_at"),
        "amount",
    )
