# Databricks notebook source
# MAGIC %md
# MAGIC # silver_orders_customer_id_in_silver_customers
# MAGIC Each row of `silver.orders` finds its row of `silver.customers` by `customer_id`.
# MAGIC
# MAGIC Reads `silver.orders`, `silver.customers`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="silver_orders_customer_id_in_silver_customers",
    comment="Each row of silver.orders finds its row of silver.customers",
    private=True,
)
@dlt.expect("parent_exists", "parent_found")
def silver_orders_customer_id_in_silver_customers():
    parents = spark.read.table("silver.customers").select("customer_id").distinct()
    parents = parents.withColumn("parent_found", F.lit(True))
    return (
        spark.read.table("silver.orders")
        .where("customer_id IS NOT NULL")
        .select("customer_id")
        .join(parents, ["customer_id"], "left")
    )
