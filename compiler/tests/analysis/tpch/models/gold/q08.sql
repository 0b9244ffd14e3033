{{ materialized_view(key="order_year") }}
-- Which share of a region's market for a kind of part has one nation, by year?
WITH sales AS (
    SELECT year(o.o_orderdate) AS order_year, l.l_extendedprice * (1 - l.l_discount) AS volume, sn.n_name AS nation
    FROM {{ ref("bronze.part") }} AS p
    JOIN {{ ref("bronze.lineitem") }} AS l ON l.l_partkey = p.p_partkey
    JOIN {{ ref("bronze.supplier") }} AS s ON s.s_suppkey = l.l_suppkey
    JOIN {{ ref("bronze.nation") }} AS sn ON sn.n_nationkey = s.s_nationkey
    JOIN {{ ref("bronze.orders") }} AS o ON o.o_orderkey = l.l_orderkey
    JOIN {{ ref("bronze.customer") }} AS c ON c.c_custkey = o.o_custkey
    JOIN {{ ref("bronze.nation") }} AS cn ON cn.n_nationkey = c.c_nationkey
    JOIN {{ ref("bronze.region") }} AS r ON r.r_regionkey = cn.n_regionkey
    WHERE r.r_name = 'AMERICA'
      AND p.p_type = 'ECONOMY ANODIZED STEEL'
      AND o.o_orderdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'
)

SELECT order_year, sum(CASE WHEN nation = 'BRAZIL' THEN volume ELSE 0 END) / sum(volume) AS market_share
FROM sales
GROUP BY order_year
ORDER BY order_year
