# Databricks notebook source
import dlt

dlt.create_sink(name="alerts_out", format="json", options={"path": "out/alerts"})
dlt.create_sink("sensors_archive", "parquet", {"path": "out/archive", "compression": "gzip"})

# COMMAND ----------

@dlt.table(name="sensors")
def sensors():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .schema("sensor STRING, celsius DOUBLE, tags ARRAY<STRING>")
        .load("landing/sinks")
    )

# COMMAND ----------

@dlt.append_flow(name="alerts_flow", target="alerts_out")
def alerts_flow():
    return dlt.read_stream("sensors").where("celsius > 90").select("sensor", "celsius")


@dlt.append_flow(target="sensors_archive")
def archive_flow():
    return spark.readStream.table("sensors")
