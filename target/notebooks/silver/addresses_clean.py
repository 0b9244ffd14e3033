# Databricks notebook source
# MAGIC %md
# MAGIC # silver.addresses_clean
# MAGIC Customer addresses that passed the quality gate, one row per change received.
# MAGIC
# MAGIC Reads `bronze.addresses`. Compiled by cbx from `models/silver/addresses_clean.sql`: change the model, not this notebook.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

QUERY = """
SELECT
    customer_id,
    address_line_1,
    city,
    state,
    postcode,
    try_cast(created_date AS DATE) AS created_date
FROM STREAM(bronze.addresses)
"""

# COMMAND ----------

@dlt.table(
    name="silver.addresses_clean",
    comment="Customer addresses that passed the quality gate, one row per change received.",
    table_properties={"quality": "silver"},
)
@dlt.expect_or_fail("valid_customer_id", "customer_id IS NOT NULL")
@dlt.expect_or_drop("valid_address", "address_line_1 IS NOT NULL")
@dlt.expect("valid_postcode", "length(postcode) = 5")
def silver_addresses_clean():
    return spark.sql(QUERY)


DROPPING_RULES = {
    "valid_address": "address_line_1 IS NOT NULL",
}


@dlt.table(
    name="silver.addresses_clean_quarantine",
    comment="Rows dropped from silver.addresses_clean, with the rules that they broke.",
    table_properties={"quality": "silver"},
)
def silver_addresses_clean_quarantine():
    rows = spark.sql(QUERY)
    broken = [
        F.when(~F.coalesce(F.expr(condition), F.lit(False)), F.lit(rule))
        for rule, condition in DROPPING_RULES.items()
    ]
    rows = rows.withColumn("broken_rules", F.array_compact(F.array(*broken)))
    return rows.where("size(broken_rules) > 0")
