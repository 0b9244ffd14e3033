# Databricks notebook source
# MAGIC %md
# MAGIC # silver.customers
# MAGIC Every customer of the shop, as last heard of.
# MAGIC
# MAGIC Reads `silver.customers_clean`. Compiled by cbx from `models/silver/customers.py`: change the model, not this notebook.

# COMMAND ----------

import dlt
from pyspark.sql import DataFrame

# COMMAND ----------

def customers(changes: DataFrame) -> DataFrame:
    return changes

# COMMAND ----------

@dlt.view(name="silver_customers_changes", comment="Changes applied to silver.customers.")
def silver_customers_changes():
    return customers(spark.readStream.table("silver.customers_clean"))


dlt.create_streaming_table(
    name="silver.customers",
    comment="Every customer of the shop, as last heard of.",
    schema="""
        customer_id BIGINT NOT NULL,
        customer_name STRING,
        date_of_birth DATE,
        telephone STRING,
        email STRING,
        created_date DATE,
        CONSTRAINT customers_key PRIMARY KEY (customer_id)
    """,
    table_properties={"quality": "silver"},
)

dlt.create_auto_cdc_flow(
    target="silver.customers",
    source="silver_customers_changes",
    keys=["customer_id"],
    sequence_by="created_date",
    stored_as_scd_type=1,
)
