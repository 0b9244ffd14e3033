{{ materialized_view(key="o_orderpriority") }}
-- How many orders of each priority had a line that arrived late?
SELECT o_orderpriority, count(*) AS orders
FROM {{ ref("bronze.orders") }}
WHERE o_orderdate >= DATE '1993-07-01'
  AND o_orderdate < DATE '1993-10-01'
  AND EXISTS (SELECT 1 FROM {{ ref("bronze.lineitem") }} WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate)
GROUP BY ALL
ORDER BY o_orderpriority
