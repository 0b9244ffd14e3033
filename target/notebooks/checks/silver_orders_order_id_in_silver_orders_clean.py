# Databricks notebook source
# MAGIC %md
# MAGIC # silver_orders_order_id_in_silver_orders_clean
# MAGIC Each row of `silver.orders` finds its row of `silver.orders_clean` by `order_id`.
# MAGIC
# MAGIC Reads `silver.orders`, `silver.orders_clean`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="silver_orders_order_id_in_silver_orders_clean",
    comment="Each row of silver.orders finds its row of silver.orders_clean",
    private=True,
)
@dlt.expect("parent_exists", "parent_found")
def silver_orders_order_id_in_silver_orders_clean():
    parents = spark.read.table("silver.orders_clean").select("order_id").distinct()
    parents = parents.withColumn("parent_found", F.lit(True))
    return (
        spark.read.table("silver.orders")
        .where("order_id IS NOT NULL")
        .select("order_id")
        .join(parents, ["order_id"], "left")
    )
