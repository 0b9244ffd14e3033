-- Databricks notebook source
CREATE OR REFRESH MATERIALIZED VIEW gold.daily_revenue
COMMENT "Orders and revenue per day."
AS SELECT
  to_date(ordered_at) AS order_date,
  count(*) AS orders,
  CAST(sum(amount) AS DECIMAL(18, 2)) AS revenue
FROM silver.orders_clean
GROUP BY to_date(ordered_at)
