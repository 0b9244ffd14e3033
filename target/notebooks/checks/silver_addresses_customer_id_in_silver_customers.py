# Databricks notebook source
# MAGIC %md
# MAGIC # silver_addresses_customer_id_in_silver_customers
# MAGIC Each current row of `silver.addresses` finds its row of `silver.customers` by `customer_id`.
# MAGIC
# MAGIC Reads `silver.addresses`, `silver.customers`. Compiled by cbx, since it could not be proven: change the models, not this.

# COMMAND ----------

import dlt
from pyspark.sql import functions as F

# COMMAND ----------

@dlt.table(
    name="silver_addresses_customer_id_in_silver_customers",
    comment="Each current row of silver.addresses finds its row of silver.customers",
    private=True,
)
@dlt.expect("parent_exists", "parent_found")
def silver_addresses_customer_id_in_silver_customers():
    parents = spark.read.table("silver.customers").select("customer_id").distinct()
    parents = parents.withColumn("parent_found", F.lit(True))
    return (
        spark.read.table("silver.addresses")
        .where("__END_AT IS NULL")
        .where("customer_id IS NOT NULL")
        .select("customer_id")
        .join(parents, ["customer_id"], "left")
    )
