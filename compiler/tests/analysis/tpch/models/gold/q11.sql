{{ materialized_view(key="ps_partkey") }}
-- Which parts make up most of the stock of a nation's suppliers?
WITH stock AS (
    SELECT ps.ps_partkey, ps.ps_supplycost * ps.ps_availqty AS worth
    FROM {{ ref("bronze.partsupp") }} AS ps
    JOIN {{ ref("bronze.supplier") }} AS s ON s.s_suppkey = ps.ps_suppkey
    JOIN {{ ref("bronze.nation") }} AS n ON n.n_nationkey = s.s_nationkey
    WHERE n.n_name = 'GERMANY'
)

SELECT ps_partkey, sum(worth) AS total
FROM stock
GROUP BY ps_partkey
HAVING sum(worth) > (SELECT sum(worth) * 0.0001 FROM stock)
ORDER BY total DESC
