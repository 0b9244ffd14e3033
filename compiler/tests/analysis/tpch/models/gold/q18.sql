{{ materialized_view(key="o_orderkey") }}
-- Who places large orders?
SELECT c.c_name, c.c_custkey, o.o_orderkey, o.o_orderdate, o.o_totalprice, sum(l.l_quantity) AS pieces
FROM {{ ref("bronze.customer") }} AS c
JOIN {{ ref("bronze.orders") }} AS o ON o.o_custkey = c.c_custkey
JOIN {{ ref("bronze.lineitem") }} AS l ON l.l_orderkey = o.o_orderkey
WHERE o.o_orderkey IN (SELECT l_orderkey FROM {{ ref("bronze.lineitem") }} GROUP BY l_orderkey HAVING sum(l_quantity) > 300)
GROUP BY c.c_name, c.c_custkey, o.o_orderkey, o.o_orderdate, o.o_totalprice
ORDER BY o.o_totalprice DESC, o.o_orderdate
LIMIT 100
