# Databricks notebook source
import os

import dlt

LANDING = spark.conf.get("snapshots.landing", "landing/snapshots")

# COMMAND ----------

# MAGIC %md
# MAGIC A whole dump, replaced every night

# COMMAND ----------

@dlt.view
def parts_dump():
    return spark.read.json(f"{LANDING}/parts/dump.json", schema="part STRING, amount INT")


dlt.create_streaming_table("parts")

dlt.apply_changes_from_snapshot(target="parts", source="parts_dump", keys=["part"], stored_as_scd_type=1)

# COMMAND ----------

# MAGIC %md
# MAGIC Numbered dumps: every one of them counts

# COMMAND ----------

def next_dump(latest_version):
    version = 1 if latest_version is None else latest_version + 1
    path = f"{LANDING}/suppliers/{version}.csv"
    if not os.path.exists(path):
        return None
    return spark.read.csv(path, header=True, schema="supplier INT, town STRING"), version


dlt.create_streaming_table(name="suppliers")

dlt.create_auto_cdc_from_snapshot_flow(
    target="suppliers",
    source=next_dump,
    keys=["supplier"],
    stored_as_scd_type=2,
    track_history_except_column_list=[],
)

# COMMAND ----------

@dlt.table
def suppliers_today():
    return dlt.read("suppliers").filter("__END_AT is null").select("supplier", "town")
