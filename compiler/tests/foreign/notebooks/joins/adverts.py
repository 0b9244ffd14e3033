# Databricks notebook source
import dlt
from pyspark.sql import functions as F

# COMMAND ----------

def landed(name, schema):
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").schema(schema).load(f"landing/joins/{name}")


@dlt.table
def impressions():
    return landed("impressions", "ad STRING, shown_at TIMESTAMP")


@dlt.table
def ad_clicks():
    return landed("clicks", "click_id INT, ad STRING, clicked_at TIMESTAMP")


@dlt.table
def ads():
    return spark.read.json("landing/joins/ads.json", schema="ad STRING, owner STRING")

# COMMAND ----------

@dlt.view
def clicks_once():
    return dlt.read_stream("ad_clicks").withWatermark("clicked_at", "3 hours").dropDuplicatesWithinWatermark(["click_id"])


@dlt.table(comment="Each click with what was shown in the hour before it")
def clicks_of_impressions():
    shown = dlt.read_stream("impressions").withWatermark("shown_at", "2 hours").alias("shown")
    clicked = dlt.read_stream("clicks_once").alias("clicked")
    return shown.join(
        clicked,
        F.expr("""
            shown.ad = clicked.ad AND
            clicked_at >= shown_at AND
            clicked_at <= shown_at + interval 1 hour
        """),
    ).select("click_id", "shown.ad", "shown_at", "clicked_at")


@dlt.table
@dlt.expect("has owner", "owner IS NOT NULL")
def clicks_of_owners():
    return spark.sql("""
        SELECT click_id, owner
        FROM STREAM(LIVE.clicks_of_impressions) AS clicks LEFT JOIN LIVE.ads USING (ad)
    """)
