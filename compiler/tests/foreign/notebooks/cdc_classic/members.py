# Databricks notebook source
import dlt
from pyspark.sql.functions import col, expr

# COMMAND ----------

@dlt.view(name="members_changes")
@dlt.expect_or_drop("has_id", "member_id IS NOT NULL")
@dlt.expect("known_operation", "op IN ('INSERT', 'UPDATE', 'DELETE')")
def members_changes():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .option("cloudFiles.schemaEvolutionMode", "none")
        .schema("member_id INT, name STRING, town STRING, op STRING, seq BIGINT")
        .load("landing/cdc_classic")
    )

# COMMAND ----------

dlt.create_target_table(name="members_current", comment="One row a member")

dlt.apply_changes(
    target="members_current",
    source="members_changes",
    keys=["member_id"],
    sequence_by=col("seq"),
    apply_as_deletes=expr("op = 'DELETE'"),
    except_column_list=["op", "seq"],
    stored_as_scd_type=1,
)

# COMMAND ----------

dlt.create_streaming_live_table("members_history")

dlt.apply_changes(
    target="members_history",
    source="members_changes",
    keys=["member_id"],
    sequence_by="seq",
    apply_as_deletes="op = 'DELETE'",
    except_column_list=[col("op"), col("seq")],
    stored_as_scd_type="2",
)

# COMMAND ----------

dlt.create_streaming_table(name="members_names")

dlt.apply_changes(
    target="members_names",
    source="members_changes",
    keys=["member_id"],
    sequence_by=col("seq"),
    apply_as_deletes=expr("op = 'DELETE'"),
    column_list=["member_id", "name", "town"],
    stored_as_scd_type="2",
    track_history_column_list=["name"],
    flow_name="members_names_flow",
)

# COMMAND ----------

@dlt.table
def members_by_town():
    return dlt.read("members_current").groupBy("town").count()


@dlt.table
def members_moved():
    return spark.sql("""
        SELECT member_id, count(*) AS addresses, max(__END_AT) IS NOT NULL AS has_ended
        FROM LIVE.members_history GROUP BY member_id HAVING count(*) > 1
    """)
