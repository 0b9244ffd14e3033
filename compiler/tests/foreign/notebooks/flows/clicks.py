# Databricks notebook source
from pyspark import pipelines as dp
from pyspark.sql import functions as F

dp.create_streaming_table(
    name="clicks",
    comment="The clicks of all channels",
    schema="user STRING, page STRING, channel STRING",
    expect_all_or_drop={"has_user": "user IS NOT NULL"},
    expect_all={"known_page": "page IN ('home', 'cart')"},
)

# COMMAND ----------

for channel in ("web", "app"):

    @dp.append_flow(target="clicks", name=f"clicks_from_{channel}")
    def flow(channel=channel):
        return (
            spark.readStream.format("cloudFiles")
            .option("cloudFiles.format", "json")
            .schema("user STRING, page STRING")
            .load(f"landing/flows/{channel}")
            .withColumn("channel", F.lit(channel))
        )

# COMMAND ----------

@dp.append_flow(target="clicks", once=True)
def clicks_of_last_year():
    return spark.read.csv("landing/flows/backfill", header=True).withColumn("channel", F.lit("archive"))

# COMMAND ----------

@dp.materialized_view
def clicks_by_channel():
    return spark.read.table("clicks").groupBy("channel").count()
