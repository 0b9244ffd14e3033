# Databricks notebook source
# MAGIC %md
# MAGIC # bronze.addresses
# MAGIC Customer addresses as the shop's system drops them, one row per change.
# MAGIC
# MAGIC Reads `${landing}/addresses`. Compiled by cbx from `models/bronze/addresses.py`: change the model, not this notebook.

# COMMAND ----------

import dlt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

# COMMAND ----------

def addresses(files: DataFrame) -> DataFrame:
    return files.select(
        "*",
        F.col("_metadata.file_path").alias("source_file"),
        F.current_timestamp().alias("loaded_at"),
    )

# COMMAND ----------

@dlt.table(
    name="bronze.addresses",
    comment="Customer addresses as the shop's system drops them, one row per change.",
    table_properties={"quality": "bronze"},
)
def bronze_addresses():
    return addresses(
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "csv")
        .option("cloudFiles.inferColumnTypes", "true")
        .option(
            "cloudFiles.schemaHints",
            "customer_id BIGINT, address_line_1 STRING, city STRING, state STRING, postcode STRING, "
            "created_date STRING",
        )
        .option("header", "true")
        .load(f"{spark.conf.get('circuit_box.landing')}/addresses")
    )
