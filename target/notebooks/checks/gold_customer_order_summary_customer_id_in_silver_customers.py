# Databricks notebook source
# MAGIC %md
# MAGIC # gold_customer_order_summary_customer_id_in_silver_customers
# MAGIC Each row of `gold.customer_order_summary` finds its row of `silver.customers` by `customer_id`.
# MAGIC
# MAGIC Reads `gold.customer_order_summary`, `silver.customers`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="gold_customer_order_summary_customer_id_in_silver_customers",
    comment="Each row of gold.customer_order_summary finds its row of silver.customers",
    private=True,
)
@dlt.expect("parent_exists", "parent_found")
def gold_customer_order_summary_customer_id_in_silver_customers():
    parents = spark.read.table("silver.customers").select("customer_id").distinct()
    parents = parents.withColumn("parent_found", F.lit(True))
    return (
        spark.read.table("gold.customer_order_summary")
        .where("customer_id IS NOT NULL")
        .select("customer_id")
        .join(parents, ["customer_id"], "left")
    )
