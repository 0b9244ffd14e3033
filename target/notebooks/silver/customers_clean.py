# Databricks notebook source
# MAGIC %md
# MAGIC # silver.customers_clean
# MAGIC Customer profiles that passed the quality gate, one row per change received.
# MAGIC
# MAGIC Reads `bronze.customers`. Compiled by cbx from `models/silver/customers_clean.py`: change the model, not this notebook.

# COMMAND ----------

import dlt
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# COMMAND ----------

# macros/contact.py
def digits_only(name: str) -> Column:
    """The digits of a text column."""
    return F.regexp_replace(name, "[^0-9]", "")

# COMMAND ----------

def customers_clean(customers: DataFrame) -> DataFrame:
    return customers.select(
        "customer_id",
        "customer_name",
        F.col("date_of_birth").try_cast("DATE").alias("date_of_birth"),
        digits_only("telephone").alias("telephone"),
        "email",
        F.col("created_date").try_cast("DATE").alias("created_date"),
    )

# COMMAND ----------

@dlt.table(
    name="silver.customers_clean",
    comment="Customer profiles that passed the quality gate, one row per change received.",
    table_properties={"quality": "silver"},
)
@dlt.expect_or_fail("valid_customer_id", "customer_id IS NOT NULL")
@dlt.expect_or_drop("valid_customer_name", "customer_name IS NOT NULL")
@dlt.expect("valid_telephone", "length(telephone) >= 10")
@dlt.expect("valid_email", "email IS NOT NULL")
@dlt.expect("valid_date_of_birth", "date_of_birth >= DATE '1920-01-01'")
def silver_customers_clean():
    return customers_clean(spark.readStream.table("bronze.customers"))


DROPPING_RULES = {
    "valid_customer_name": "customer_name IS NOT NULL",
}


@dlt.table(
    name="silver.customers_clean_quarantine",
    comment="Rows dropped from silver.customers_clean, with the rules that they broke.",
    table_properties={"quality": "silver"},
)
def silver_customers_clean_quarantine():
    rows = customers_clean(spark.readStream.table("bronze.customers"))
    broken = [
        F.when(~F.coalesce(F.expr(condition), F.lit(False)), F.lit(rule))
        for rule, condition in DROPPING_RULES.items()
    ]
    rows = rows.withColumn("broken_rules", F.array_compact(F.array(*broken)))
    return rows.where("size(broken_rules) > 0")
