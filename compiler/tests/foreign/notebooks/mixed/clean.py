# Databricks notebook source
import dlt
from pyspark import pipelines as dp
from pyspark.sql import functions as F
from pyspark.sql.types import LongType

from money.amounts import in_cents
from money import labels as L

to_cents = F.udf(in_cents, LongType())

# COMMAND ----------

@dp.table(
    name="payments_silver",
    schema="""
        payment_id BIGINT NOT NULL COMMENT 'given by the bank',
        currency STRING,
        cents BIGINT,
        euros DECIMAL(18, 2) GENERATED ALWAYS AS (CAST(cents / 100 AS DECIMAL(18, 2))),
        label STRING,
        CONSTRAINT payments_silver_pk PRIMARY KEY (payment_id)
    """,
)
@dp.expect_all_or_drop({"has_cents": "cents IS NOT NULL", "has_id": "payment_id IS NOT NULL"})
def silver():
    return (
        dlt.read_stream("payments_bronze")
        .withColumn("cents", to_cents("amount", "currency"))
        .withColumn("label", L.label("currency"))
        .select("payment_id", "currency", "cents", "label")
    )

# COMMAND ----------

@dlt.table(name="payments_gold")
def gold():
    return dlt.read("payments_silver").groupBy("label").agg(F.sum("euros").alias("euros"))


@F.udf("string")
def shout(text):
    return text.upper() + "!"


@dp.materialized_view(name="payments_banner")
def banner():
    return dp.read("payments_gold").select(shout("label").alias("line"))
