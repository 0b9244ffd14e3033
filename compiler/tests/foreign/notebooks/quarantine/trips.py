# Databricks notebook source
import dlt
from pyspark.sql.functions import expr

rules = {}
rules["valid_pickup_zip"] = "(pickup_zip IS NOT NULL)"
rules["valid_distance"] = "(distance > 0)"
quarantine_rules = "NOT({0})".format(" AND ".join(rules.values()))

# COMMAND ----------

@dlt.view
def raw_trips_data():
    return spark.readStream.schema("trip INT, pickup_zip STRING, distance DOUBLE").option("header", True).csv(
        "landing/quarantine"
    )


@dlt.table(temporary=True, partition_cols=["is_quarantined"])
@dlt.expect_all(rules)
def trips_data_quarantine():
    return spark.readStream.table("raw_trips_data").withColumn("is_quarantined", expr(quarantine_rules))


@dlt.view
def valid_trips_data():
    return spark.read.table("trips_data_quarantine").filter("is_quarantined=false")


@dlt.view
def invalid_trips_data():
    return spark.read.table("trips_data_quarantine").filter("is_quarantined=true")

# COMMAND ----------

# MAGIC %md
# MAGIC The same with two tables

# COMMAND ----------

@dlt.table(name="trips_kept")
@dlt.expect_all_or_drop(rules)
def trips_kept():
    return dlt.read_stream("raw_trips_data")


@dlt.table(name="trips_set_aside")
@dlt.expect_all_or_drop({"is_invalid": f"NOT coalesce({' AND '.join(rules.values())}, false)"})
def trips_set_aside():
    return dlt.read_stream("raw_trips_data")


@dlt.table
def trips_judged():
    return (
        dlt.read("valid_trips_data")
        .selectExpr("trip", "'valid' AS verdict")
        .unionAll(dlt.read("invalid_trips_data").selectExpr("trip", "'invalid' AS verdict"))
    )
