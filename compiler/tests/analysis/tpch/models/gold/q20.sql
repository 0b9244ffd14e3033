{{ materialized_view(key="s_name") }}
-- Which suppliers of a nation have more of some parts than they sell?
WITH sold AS (
    SELECT l_partkey, l_suppkey, sum(l_quantity) AS pieces
    FROM {{ ref("bronze.lineitem") }}
    WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01'
    GROUP BY l_partkey, l_suppkey
)

SELECT s.s_name, s.s_address
FROM {{ ref("bronze.supplier") }} AS s
JOIN {{ ref("bronze.nation") }} AS n ON n.n_nationkey = s.s_nationkey
WHERE n.n_name = 'CANADA'
  AND s.s_suppkey IN (
      SELECT ps.ps_suppkey
      FROM {{ ref("bronze.partsupp") }} AS ps
      LEFT SEMI JOIN {{ ref("bronze.part") }} AS p ON p.p_partkey = ps.ps_partkey AND p.p_name LIKE 'forest%'
      JOIN sold ON sold.l_partkey = ps.ps_partkey AND sold.l_suppkey = ps.ps_suppkey
      WHERE ps.ps_availqty > 0.5 * sold.pieces
  )
ORDER BY s.s_name
