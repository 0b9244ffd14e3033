# Databricks notebook source
# MAGIC %md
# MAGIC # silver.current_addresses
# MAGIC Where each customer lives today.
# MAGIC
# MAGIC Reads `silver.addresses`. Compiled by cbx from `models/silver/current_addresses.sql`: change the model, not this notebook.

# COMMAND ----------

import dlt

# COMMAND ----------

QUERY = """
SELECT customer_id, address_line_1, city, state, postcode
FROM silver.addresses
WHERE __END_AT IS NULL
"""

# COMMAND ----------

@dlt.view(
    name="silver_current_addresses",
    comment="Where each customer lives today.",
)
def silver_current_addresses():
    return spark.sql(QUERY)
