# Databricks notebook source
import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table
def pings():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("pathGlobFilter", "*.json")
        .schema("device STRING, at TIMESTAMP, ms INT")
        .load("landing/streams/pings")
    )


@dlt.table(name="devices")
def devices():
    return spark.read.option("header", "true").csv("landing/streams/devices.csv")

# COMMAND ----------

@dlt.table(comment="One row an hour and device, written when the hour is over")
def pings_by_hour():
    return (
        dlt.read_stream("pings")
        .withWatermark("at", "10 minutes")
        .groupBy(F.window("at", "1 hour"), "device")
        .agg(F.count("*").alias("pings"), F.avg("ms").alias("ms"))
        .select(F.col("window.start").alias("hour"), "device", "pings", "ms")
    )


@dlt.table(comment="Each ping once, however often the gateway repeats it")
def pings_once():
    return dlt.read_stream("pings").withWatermark("at", "1 day").dropDuplicates(["device", "at"])


@dlt.table
@dlt.expect_or_drop("known device", "owner IS NOT NULL")
def pings_owned():
    return spark.readStream.table("pings").join(spark.read.table("devices"), "device", "left").select("device", "at", "owner")
