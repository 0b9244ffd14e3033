# Databricks notebook source
# MAGIC %md
# MAGIC # bronze.customers
# MAGIC Customer profiles as the shop's system drops them, one row per change.
# MAGIC
# MAGIC Reads `${landing}/customers`. Compiled by cbx from `models/bronze/customers.py`: change the model, not this notebook.

# COMMAND ----------

import dlt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

# COMMAND ----------

def customers(files: DataFrame) -> DataFrame:
    return files.select(
        "*",
        F.col("_metadata.file_path").alias("source_file"),
        F.current_timestamp().alias("loaded_at"),
    )

# COMMAND ----------

@dlt.table(
    name="bronze.customers",
    comment="Customer profiles as the shop's system drops them, one row per change.",
    table_properties={"quality": "bronze"},
)
def bronze_customers():
    return customers(
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.inferColumnTypes", "true")
        .option(
            "cloudFiles.schemaHints",
            "customer_id BIGINT, customer_name STRING, date_of_birth STRING, telephone STRING, email STRING, "
            "created_date STRING",
        )
        .load(f"{spark.conf.get('circuit_box.landing')}/customers")
    )
