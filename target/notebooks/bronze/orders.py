# Databricks notebook source
# MAGIC %md
# MAGIC # bronze.orders
# MAGIC Orders with their items as the shop's system drops them, one row per order.
# MAGIC
# MAGIC Reads `${landing}/orders`. Compiled by cbx from `models/bronze/orders.py`: change the model, not this notebook.

# COMMAND ----------

import dlt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

# COMMAND ----------

def orders(files: DataFrame) -> DataFrame:
    return files.select(
        "*",
        F.col("_metadata.file_path").alias("source_file"),
        F.current_timestamp().alias("loaded_at"),
    )

# COMMAND ----------

@dlt.table(
    name="bronze.orders",
    comment="Orders with their items as the shop's system drops them, one row per order.",
    table_properties={"quality": "bronze"},
)
def bronze_orders():
    return orders(
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.inferColumnTypes", "true")
        .option(
            "cloudFiles.schemaHints",
            "order_id BIGINT, customer_id BIGINT, order_timestamp STRING, payment_method STRING, "
            "order_status STRING, items ARRAY<STRUCT<item_id: BIGINT, name: STRING, category: STRING, "
            "price: DECIMAL(10, 2), quantity: INT>>",
        )
        .load(f"{spark.conf.get('circuit_box.landing')}/orders")
    )
