# Databricks notebook source
# MAGIC %md
# MAGIC # Sales
# MAGIC Bronze, silver and gold tables of the sales team.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F
from pyspark.sql.types import *

landing = spark.conf.get("sales.landing", "landing/classic")

# COMMAND ----------

# DBTITLE 1,Bronze
@dlt.table(
    comment="The raw orders, as they landed",
    table_properties={"quality": "bronze", "pipelines.autoOptimize.managed": "true"},
    partition_cols=["order_date"],
)
def sales_orders_raw():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.inferColumnTypes", True)
        .option("cloudFiles.schemaHints", "amount DECIMAL(10,2), order_date DATE")
        .load(f"{landing}/orders")
        .withColumn("source_file", F.col("_metadata.file_name"))
    )


@dlt.table
def sales_customers_raw():
    return (
        spark.read.format("csv")
        .option("header", True)
        .option("inferSchema", True)
        .load(f"{landing}/customers")
    )

# COMMAND ----------

# MAGIC %md
# MAGIC ## Silver

# COMMAND ----------

@dlt.table(comment="Orders that can be trusted", table_properties={"quality": "silver"})
@dlt.expect_all_or_drop({"valid_order_id": "order_id IS NOT NULL", "valid_amount": "amount > 0"})
@dlt.expect("known_customer", "customer_id BETWEEN 1 AND 100")
def sales_orders_clean():
    return dlt.read_stream("sales_orders_raw").drop("_rescued_data", "source_file")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Gold

# COMMAND ----------

@dlt.table()
def sales_by_customer():
    orders = dlt.read("sales_orders_clean")
    customers = dlt.read("sales_customers_raw")
    return (
        customers.join(orders, on="customer_id", how="left")
        .groupBy("customer_name")
        .agg(F.count("order_id").alias("orders"), F.sum("amount").alias("revenue"))
    )


@dlt.table(name="sales_by_day", comment="Revenue a day")
def daily():
    return spark.sql("SELECT order_date, sum(amount) AS revenue FROM LIVE.sales_orders_clean GROUP BY order_date")
