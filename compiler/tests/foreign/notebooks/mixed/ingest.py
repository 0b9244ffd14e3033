# Databricks notebook source
# MAGIC %md
# MAGIC # Payments
# MAGIC The raw payments. Cleaning is in the notebook `clean`, shared code in the package `money`.

# COMMAND ----------

# MAGIC %pip install iso4217==1.12

# COMMAND ----------

import dlt
from pyspark import pipelines as dp


@dlt.view(name="payments_landed")
def landed():
    return (
        spark.readStream.format("cloudFiles")
        .options(**{"cloudFiles.format": "json", "cloudFiles.inferColumnTypes": "true"})
        .load(spark.conf.get("payments.landing"))
    )


@dp.table(comment="Payments as they landed")
@dlt.expect("has_currency", "currency IS NOT NULL")
def payments_bronze():
    return spark.readStream.table("payments_landed").selectExpr("* EXCEPT (_rescued_data)")
