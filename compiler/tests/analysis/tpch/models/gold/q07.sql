{{ materialized_view(key=["supplier_nation", "customer_nation", "shipping_year"]) }}
-- What is shipped between two nations, by year?
WITH shipped AS (
    SELECT
        sn.n_name AS supplier_nation,
        cn.n_name AS customer_nation,
        year(l.l_shipdate) AS shipping_year,
        l.l_extendedprice * (1 - l.l_discount) AS volume
    FROM {{ ref("bronze.lineitem") }} AS l,
        {{ ref("bronze.orders") }} AS o, {{ ref("bronze.customer") }} AS c, {{ ref("bronze.supplier") }} AS s,
        {{ ref("bronze.nation") }} AS sn, {{ ref("bronze.nation") }} AS cn
    WHERE o.o_orderkey = l.l_orderkey
      AND c.c_custkey = o.o_custkey
      AND s.s_suppkey = l.l_suppkey
      AND sn.n_nationkey = s.s_nationkey
      AND cn.n_nationkey = c.c_nationkey
      AND l.l_shipdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'
)

SELECT supplier_nation, customer_nation, shipping_year, sum(volume) AS revenue
FROM shipped
WHERE (supplier_nation = 'FRANCE' AND customer_nation = 'GERMANY')
   OR (supplier_nation = 'GERMANY' AND customer_nation = 'FRANCE')
GROUP BY supplier_nation, customer_nation, shipping_year
ORDER BY ALL
