# Databricks notebook source
# MAGIC %md
# MAGIC # silver.addresses
# MAGIC Every address a customer has had, with the time it held.
# MAGIC
# MAGIC Reads `silver.addresses_clean`. Compiled by cbx from `models/silver/addresses.py`: change the model, not this notebook.

# COMMAND ----------

import dlt
from pyspark.sql import DataFrame

# COMMAND ----------

def addresses(changes: DataFrame) -> DataFrame:
    return changes

# COMMAND ----------

@dlt.view(name="silver_addresses_changes", comment="Changes applied to silver.addresses.")
def silver_addresses_changes():
    return addresses(spark.readStream.table("silver.addresses_clean"))


dlt.create_streaming_table(
    name="silver.addresses",
    comment="Every address a customer has had, with the time it held.",
    table_properties={"quality": "silver"},
)

dlt.create_auto_cdc_flow(
    target="silver.addresses",
    source="silver_addresses_changes",
    keys=["customer_id"],
    sequence_by="created_date",
    stored_as_scd_type=2,
)
