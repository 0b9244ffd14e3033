{{ materialized_view(key="n_name") }}
-- What do the suppliers of each nation of a region sell inside their own nation?
SELECT n.n_name, sum(l.l_extendedprice * (1 - l.l_discount)) AS revenue
FROM {{ ref("bronze.lineitem") }} AS l
JOIN {{ ref("bronze.orders") }} AS o ON o.o_orderkey = l.l_orderkey
JOIN {{ ref("bronze.customer") }} AS c ON c.c_custkey = o.o_custkey
JOIN {{ ref("bronze.supplier") }} AS s ON s.s_suppkey = l.l_suppkey AND s.s_nationkey = c.c_nationkey
JOIN {{ ref("bronze.nation") }} AS n ON n.n_nationkey = s.s_nationkey
JOIN {{ ref("bronze.region") }} AS r ON r.r_regionkey = n.n_regionkey
WHERE r.r_name = 'ASIA' AND o.o_orderdate >= DATE '1994-01-01' AND o.o_orderdate < DATE '1995-01-01'
GROUP BY n.n_name
ORDER BY revenue DESC
