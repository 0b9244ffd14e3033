# Databricks notebook source
# MAGIC %md
# MAGIC # gold.customer_order_summary
# MAGIC Who orders how much: the customers who ordered, with their current address and totals.
# MAGIC
# MAGIC Reads `silver.orders`, `silver.customers`, `silver.current_addresses`. Compiled by cbx from `models/gold/customer_order_summary.sql`: change the model, not this notebook.

# COMMAND ----------

import dlt

# COMMAND ----------

QUERY = """
WITH totals AS (
    SELECT
        customer_id,
        count(DISTINCT order_id) AS total_orders,
        sum(item_quantity) AS total_items_ordered,
        CAST(sum(item_price * item_quantity) AS DECIMAL(18, 2)) AS total_order_amount
    FROM silver.orders
    GROUP BY customer_id
)

SELECT
    customers.customer_id,
    customers.customer_name,
    customers.date_of_birth,
    customers.telephone,
    customers.email,
    addresses.address_line_1,
    addresses.city,
    addresses.state,
    addresses.postcode,
    totals.total_orders,
    totals.total_items_ordered,
    totals.total_order_amount
FROM silver.customers AS customers
JOIN totals ON totals.customer_id = customers.customer_id
LEFT JOIN silver_current_addresses AS addresses ON addresses.customer_id = customers.customer_id
"""

# COMMAND ----------

@dlt.table(
    name="gold.customer_order_summary",
    comment="Who orders how much: the customers who ordered, with their current address and totals.",
    schema="""
        customer_id BIGINT NOT NULL,
        customer_name STRING,
        date_of_birth DATE,
        telephone STRING,
        email STRING,
        address_line_1 STRING,
        city STRING,
        state STRING,
        postcode STRING,
        total_orders BIGINT COMMENT 'How many orders the customer placed, cancelled ones included.',
        total_items_ordered BIGINT COMMENT 'How many pieces these orders hold.',
        total_order_amount DECIMAL(18, 2) COMMENT 'What these orders cost together.',
        CONSTRAINT customer_order_summary_key PRIMARY KEY (customer_id)
    """,
    table_properties={"quality": "gold"},
)
def gold_customer_order_summary():
    return spark.sql(QUERY)
