{{ materialized_view(key="l_shipmode") }}
-- Do cheaper ways of shipping make urgent orders late?
SELECT
    l.l_shipmode,
    count_if(o.o_orderpriority IN ('1-URGENT', '2-HIGH')) AS urgent_lines,
    count_if(o.o_orderpriority NOT IN ('1-URGENT', '2-HIGH')) AS other_lines
FROM {{ ref("bronze.orders") }} AS o
JOIN {{ ref("bronze.lineitem") }} AS l ON l.l_orderkey = o.o_orderkey
WHERE l.l_shipmode IN ('MAIL', 'SHIP')
  AND l.l_commitdate < l.l_receiptdate
  AND l.l_shipdate < l.l_commitdate
  AND l.l_receiptdate >= DATE '1994-01-01'
  AND l.l_receiptdate < DATE '1995-01-01'
GROUP BY 1
ORDER BY 1
