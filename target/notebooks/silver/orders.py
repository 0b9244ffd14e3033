# Databricks notebook source
# MAGIC %md
# MAGIC # silver.orders
# MAGIC What was ordered, one row per order item.
# MAGIC
# MAGIC Reads `silver.orders_clean`. Compiled by cbx from `models/silver/orders.sql`: change the model, not this notebook.

# COMMAND ----------

import dlt

# COMMAND ----------

QUERY = """
SELECT
    order_id,
    customer_id,
    order_timestamp,
    payment_method,
    order_status,
    item.item_id,
    item.name AS item_name,
    item.category AS item_category,
    item.price AS item_price,
    item.quantity AS item_quantity
FROM STREAM(silver.orders_clean)
LATERAL VIEW explode(items) AS item
"""

# COMMAND ----------

@dlt.table(
    name="silver.orders",
    comment="What was ordered, one row per order item.",
    schema="""
        order_id BIGINT NOT NULL,
        customer_id BIGINT NOT NULL,
        order_timestamp TIMESTAMP,
        payment_method STRING,
        order_status STRING,
        item_id BIGINT NOT NULL,
        item_name STRING,
        item_category STRING,
        item_price DECIMAL(10, 2),
        item_quantity INT,
        CONSTRAINT orders_key PRIMARY KEY (order_id, item_id)
    """,
    table_properties={"quality": "silver"},
)
def silver_orders():
    return spark.sql(QUERY)
