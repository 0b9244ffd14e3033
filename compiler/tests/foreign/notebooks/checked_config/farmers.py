# Databricks notebook source
import dlt
import json
from pathlib import Path

from pyspark.sql.functions import col, expr, lit

rules_df = spark.createDataFrame(json.loads(Path("notebooks/checked_config/rules.json").read_text()))

# COMMAND ----------

def get_rules(tag):
    """The rules of a tag, from a table of rules"""
    return {row["name"]: row["constraint"] for row in rules_df.filter(col("tag") == tag).collect()}


@dlt.table
@dlt.expect_all_or_drop(get_rules("validity"))
def raw_farmers_market():
    return spark.read.format("csv").option("header", "true").load("landing/checked_config/")


@dlt.table
@dlt.expect_all_or_drop(get_rules("maintained"))
def organic_farmers_market():
    return dlt.read("raw_farmers_market").filter(expr("Organic = 'Y'"))

# COMMAND ----------

# MAGIC %pip install some-package

# COMMAND ----------

def count_by(column):
    @dlt.table(name=f"markets_by_{column.lower()}", temporary=True)
    @dlt.expect("known", f"{column} IS NOT NULL")
    @dlt.expect_all({f"few_{n}": f"markets < {n}" for n in (2, 5)})
    def table():
        return dlt.read("raw_farmers_market").groupBy(column).count().withColumnRenamed("count", "markets")
    return table


tables = [count_by(column) for column in ("State", "Organic")]
