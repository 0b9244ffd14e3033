# Databricks notebook source
# MAGIC %md
# MAGIC # Change data capture
# MAGIC Bronze, a cleansed view, and two targets of it

# COMMAND ----------

import dlt
from pyspark.sql.functions import *

# COMMAND ----------

dlt.create_streaming_table(name="users_cdc_bronze", comment="New user data incrementally ingested from cloud storage")


@dlt.append_flow(target="users_cdc_bronze", name="users_bronze_ingest_flow")
def users_bronze_ingest_flow():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.inferColumnTypes", "true")
        .load(spark.conf.get("users.landing", "landing/cdc_quickstart"))
        .withColumn("source", substring_index(col("_metadata.file_path"), "/", -1))
        .withColumn("bytes", col("_metadata.file_size"))
    )

# COMMAND ----------

@dlt.view(name="users_cdc_clean", comment="Cleansed CDC data, tracking data quality with a view")
@dlt.expect_all_or_drop(
    {
        "no_rescued_data": "_rescued_data IS NULL",
        "valid_id": "id IS NOT NULL",
        "valid_operation": "operation IN ('APPEND', 'DELETE', 'UPDATE')",
    }
)
def users_cdc_clean():
    return spark.readStream.table("users_cdc_bronze").withColumn(
        "operation_date", to_timestamp("operation_date", "MM-dd-yyyy HH:mm:ss")
    )

# COMMAND ----------

dlt.create_streaming_table(name="users", comment="Clean, materialized users")

dlt.create_auto_cdc_flow(
    target="users",
    source="users_cdc_clean",
    keys=["id"],
    sequence_by=col("operation_date"),
    ignore_null_updates=False,
    apply_as_deletes=expr("operation = 'DELETE'"),
    except_column_list=["operation", "operation_date", "source", "bytes", "_rescued_data"],
)

# COMMAND ----------

dlt.create_streaming_table(name="users_history", comment="Slowly changing dimension type 2 of users")

dlt.create_auto_cdc_flow(
    target="users_history",
    source="users_cdc_clean",
    keys=["id"],
    sequence_by=col("operation_date"),
    apply_as_deletes=expr("operation = 'DELETE'"),
    except_column_list=["operation", "operation_date", "source", "bytes", "_rescued_data"],
    stored_as_scd_type="2",
)

# COMMAND ----------

@dlt.table(comment="How often users move")
def users_moves():
    return spark.read.table("users_history").groupBy("id").agg(count_distinct("address").alias("addresses")).where("addresses > 1")
