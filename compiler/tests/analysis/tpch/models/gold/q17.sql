{{ materialized_view() }}
-- What would be lost in a year without small orders of a part?
SELECT sum(l.l_extendedprice) / 7.0 AS average_yearly
FROM {{ ref("bronze.lineitem") }} AS l
JOIN {{ ref("bronze.part") }} AS p ON p.p_partkey = l.l_partkey
WHERE p.p_brand = 'Brand#23'
  AND p.p_container = 'MED BOX'
  AND l.l_quantity < (SELECT 0.2 * avg(other.l_quantity) FROM {{ ref("bronze.lineitem") }} AS other WHERE other.l_partkey = p.p_partkey)
