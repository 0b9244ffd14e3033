# Databricks notebook source
from functools import reduce

import dlt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

SITES = ["ulm", "bonn"]
FEEDS = [
    {"name": "readings", "format": "json", "hints": "value DOUBLE, machine_id BIGINT"},
    {"name": "machines", "format": "csv", "hints": "machine_id BIGINT, limit DOUBLE"},
]
RULES = [
    {"name": "has_machine", "constraint": "machine_id IS NOT NULL", "tag": "required"},
    {"name": "has_value", "constraint": "value IS NOT NULL", "tag": "required"},
    {"name": "plausible", "constraint": "value < 1000", "tag": "wanted"},
]


def rules(tag):
    return {rule["name"]: rule["constraint"] for rule in RULES if rule["tag"] == tag}

# COMMAND ----------

def bronze(feed):
    @dlt.table(name=f"factory_{feed['name']}", comment=f"Raw {feed['name']}")
    def table():
        return (
            spark.readStream.format("cloudFiles")
            .option("cloudFiles.format", feed["format"])
            .option("cloudFiles.schemaHints", feed["hints"])
            .option("header", "true")
            .load(f"landing/loops/{feed['name']}")
        )


for feed in FEEDS:
    bronze(feed)

# COMMAND ----------

for site in SITES:

    @dlt.table(name=f"factory_{site}")
    @dlt.expect_all_or_drop(rules("required"))
    @dlt.expect_all(rules("wanted"))
    def one_site(site=site):
        return dlt.read_stream("factory_readings").where(F.col("site") == site).drop("site", "_rescued_data")

# COMMAND ----------

@dlt.table
def factory_alarms():
    readings = reduce(
        DataFrame.unionByName,
        [dlt.read(f"factory_{site}").withColumn("site", F.lit(site)) for site in SITES],
    )
    machines = dlt.read("factory_machines")
    return (
        readings.alias("r")
        .join(machines.alias("m"), F.expr("r.machine_id = m.machine_id AND r.value > m.limit"))
        .select("site", "r.machine_id", "value", "limit")
    )
