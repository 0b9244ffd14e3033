{{ materialized_view(key="order_count") }}
-- How many customers have how many orders?
SELECT order_count, count(*) AS customers
FROM (
    SELECT c.c_custkey, count(o.o_orderkey) AS order_count
    FROM {{ ref("bronze.customer") }} AS c
    LEFT JOIN {{ ref("bronze.orders") }} AS o ON o.o_custkey = c.c_custkey AND o.o_comment NOT LIKE '%special%requests%'
    GROUP BY c.c_custkey
)
GROUP BY order_count
ORDER BY customers DESC, order_count DESC
