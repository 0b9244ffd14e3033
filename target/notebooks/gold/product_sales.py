# Databricks notebook source
# MAGIC %md
# MAGIC # gold.product_sales
# MAGIC How each product sells, cancelled orders left out.
# MAGIC
# MAGIC Reads `silver.orders`. Compiled by cbx from `models/gold/product_sales.sql`: change the model, not this notebook.

# COMMAND ----------

import dlt

# COMMAND ----------

QUERY = """
SELECT
    item_id,
    max_by(item_name, order_timestamp) AS item_name,
    max_by(item_category, order_timestamp) AS item_category,
    count(DISTINCT order_id) AS orders,
    sum(item_quantity) AS items_sold,
    CAST(sum(item_price * item_quantity) AS DECIMAL(18, 2)) AS revenue,
    max(order_timestamp) AS last_ordered_at
FROM silver.orders
WHERE order_status <> 'Cancelled'
GROUP BY item_id
"""

# COMMAND ----------

@dlt.table(
    name="gold.product_sales",
    comment="How each product sells, cancelled orders left out.",
    schema="""
        item_id BIGINT NOT NULL,
        item_name STRING,
        item_category STRING,
        orders BIGINT,
        items_sold BIGINT,
        revenue DECIMAL(18, 2),
        last_ordered_at TIMESTAMP,
        CONSTRAINT product_sales_key PRIMARY KEY (item_id)
    """,
    table_properties={"quality": "gold"},
)
def gold_product_sales():
    return spark.sql(QUERY)
