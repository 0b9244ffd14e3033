{{ materialized_view() }}
-- How much more would have been earned in a year without small discounts?
SELECT sum(l_extendedprice * l_discount) AS revenue
FROM {{ ref("bronze.lineitem") }}
WHERE l_shipdate >= DATE '1994-01-01'
  AND l_shipdate < DATE '1995-01-01'
  AND l_discount BETWEEN 0.05 AND 0.07
  AND l_quantity < 24
