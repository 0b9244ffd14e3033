{{ materialized_view(key=["nation", "order_year"]) }}
-- What do parts of a name earn, by the supplier's nation and by year?
SELECT
    n.n_name AS nation,
    year(o.o_orderdate) AS order_year,
    sum(l.l_extendedprice * (1 - l.l_discount) - ps.ps_supplycost * l.l_quantity) AS profit
FROM {{ ref("bronze.lineitem") }} AS l
JOIN {{ ref("bronze.part") }} AS p ON p.p_partkey = l.l_partkey
JOIN {{ ref("bronze.partsupp") }} AS ps ON ps.ps_partkey = l.l_partkey AND ps.ps_suppkey = l.l_suppkey
JOIN {{ ref("bronze.supplier") }} AS s ON s.s_suppkey = l.l_suppkey
JOIN {{ ref("bronze.nation") }} AS n ON n.n_nationkey = s.s_nationkey
JOIN {{ ref("bronze.orders") }} AS o ON o.o_orderkey = l.l_orderkey
WHERE p.p_name LIKE '%green%'
GROUP BY nation, order_year
ORDER BY nation, order_year DESC
