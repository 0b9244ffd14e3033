{{ materialized_view(key="c_custkey") }}
-- Which customers sent back the most?
SELECT
    c.c_custkey,
    c.c_name,
    sum(l.l_extendedprice * (1 - l.l_discount)) AS revenue,
    c.c_acctbal,
    n.n_name,
    c.c_address,
    c.c_phone,
    c.c_comment
FROM {{ ref("bronze.customer") }} AS c
JOIN {{ ref("bronze.nation") }} AS n ON n.n_nationkey = c.c_nationkey
JOIN {{ ref("bronze.orders") }} AS o ON o.o_custkey = c.c_custkey
JOIN {{ ref("bronze.lineitem") }} AS l ON l.l_orderkey = o.o_orderkey
WHERE o.o_orderdate >= DATE '1993-10-01' AND o.o_orderdate < DATE '1994-01-01' AND l.l_returnflag = 'R'
GROUP BY ALL
ORDER BY revenue DESC
LIMIT 20
