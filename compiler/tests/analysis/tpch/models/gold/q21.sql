{{ materialized_view(key="s_name") }}
-- Which suppliers alone kept orders of several suppliers waiting?
SELECT s.s_name, count(*) AS waiting
FROM {{ ref("bronze.supplier") }} AS s
JOIN {{ ref("bronze.lineitem") }} AS l ON l.l_suppkey = s.s_suppkey
JOIN {{ ref("bronze.orders") }} AS o ON o.o_orderkey = l.l_orderkey
JOIN {{ ref("bronze.nation") }} AS n ON n.n_nationkey = s.s_nationkey
WHERE o.o_orderstatus = 'F'
  AND l.l_receiptdate > l.l_commitdate
  AND n.n_name = 'SAUDI ARABIA'
  AND EXISTS (SELECT 1 FROM {{ ref("bronze.lineitem") }} AS a WHERE a.l_orderkey = l.l_orderkey AND a.l_suppkey <> l.l_suppkey)
  AND NOT EXISTS (
      SELECT 1
      FROM {{ ref("bronze.lineitem") }} AS b
      WHERE b.l_orderkey = l.l_orderkey AND b.l_suppkey <> l.l_suppkey AND b.l_receiptdate > b.l_commitdate
  )
GROUP BY s.s_name
ORDER BY waiting DESC, s.s_name
LIMIT 100
