{{ materialized_view(key="s_suppkey") }}
-- Which supplier earned the most in a quarter?
WITH revenue AS (
    SELECT l_suppkey AS supplier, sum(l_extendedprice * (1 - l_discount)) AS total
    FROM {{ ref("bronze.lineitem") }}
    WHERE l_shipdate >= DATE '1996-01-01' AND l_shipdate < DATE '1996-04-01'
    GROUP BY l_suppkey
)

SELECT s.s_suppkey, s.s_name, s.s_address, s.s_phone, revenue.total
FROM {{ ref("bronze.supplier") }} AS s
JOIN revenue ON revenue.supplier = s.s_suppkey
WHERE revenue.total = (SELECT max(total) FROM revenue)
ORDER BY s.s_suppkey
