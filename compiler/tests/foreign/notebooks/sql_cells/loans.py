# Databricks notebook source
# MAGIC %md
# MAGIC # Library loans

# COMMAND ----------

import dlt


@dlt.table(name="loans_raw", temporary=True)
def loans_raw():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "json")
        .schema("reader STRING, book STRING, days INT")
        .load("landing/sql_cells")
    )

# COMMAND ----------

# MAGIC %sql
# MAGIC -- One row a loan
# MAGIC CREATE OR REFRESH STREAMING TABLE loans (
# MAGIC   CONSTRAINT has_reader EXPECT (reader IS NOT NULL) ON VIOLATION DROP ROW,
# MAGIC   CONSTRAINT plausible EXPECT (days BETWEEN 0 AND 365)
# MAGIC )
# MAGIC COMMENT "Loans with a reader; kept for good"
# MAGIC TBLPROPERTIES ("quality" = "silver")
# MAGIC AS SELECT reader, upper(book) AS book, days
# MAGIC FROM STREAM(LIVE.loans_raw)

# COMMAND ----------

# MAGIC %sql
# MAGIC CREATE TEMPORARY VIEW long_loans AS
# MAGIC SELECT * FROM loans WHERE days > 28;
# MAGIC
# MAGIC CREATE OR REFRESH MATERIALIZED VIEW readers_to_remind
# MAGIC (CONSTRAINT someone EXPECT (loans > 0) ON VIOLATION FAIL UPDATE)
# MAGIC CLUSTER BY (reader)
# MAGIC AS SELECT reader, count(*) AS loans FROM long_loans GROUP BY reader;

# COMMAND ----------

@dlt.table
def readers_reminded():
    return dlt.read("readers_to_remind").selectExpr("concat('Dear ', reader) AS greeting")
