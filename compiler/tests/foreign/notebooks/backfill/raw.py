# Databricks notebook source
import json
import os

from pyspark import pipelines as dp
from pyspark.sql.functions import col, lit

# COMMAND ----------

dp.create_streaming_table("registration_events_raw", schema="user STRING, at DATE, origin STRING")


@dp.append_flow(target="registration_events_raw", name="flow_registration_events_raw_today")
def ingest():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.schemaHints", "at DATE")
        .load("landing/backfill/events/*/*/")
        .where(col("at") >= "2026-01-01")
        .select("user", "at", lit("stream").alias("origin"))
    )

# COMMAND ----------

def setup_backfill_flow(year):
    @dp.append_flow(
        target="registration_events_raw",
        once=True,
        name=f"flow_registration_events_raw_backfill_{year}",
        comment=f"The events of {year}",
    )
    def backfill():
        return (
            spark.read.format("json")
            .schema("user STRING, at DATE")
            .load("landing/backfill/events/*/*/")
            .where(f"year(at) = {year}")
            .select("user", "at", lit(f"backfill {year}").alias("origin"))
        )


for year in range(2024, 2026):
    setup_backfill_flow(year)

# COMMAND ----------

@dp.foreach_batch_sink(name="registrations_outside")
def write_outside(df, batch_id):
    if df.isEmpty():
        return
    path = f"out/registrations/{batch_id}.json"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        for row in df.select("user", "origin").orderBy("user").collect():
            file.write(json.dumps(row.asDict()) + "\n")


@dp.append_flow(target="registrations_outside", name="registrations_to_the_outside")
def to_the_outside():
    return spark.readStream.table("registration_events_raw").where("user <> 'dan'")
