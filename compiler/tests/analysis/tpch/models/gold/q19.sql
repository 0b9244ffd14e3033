{{ materialized_view() }}
-- What did three kinds of parts earn, handled in a certain way?
SELECT sum(l.l_extendedprice * (1 - l.l_discount)) AS revenue
FROM {{ ref("bronze.lineitem") }} AS l
JOIN {{ ref("bronze.part") }} AS p ON p.p_partkey = l.l_partkey
WHERE l.l_shipmode IN ('AIR', 'AIR REG')
  AND l.l_shipinstruct = 'DELIVER IN PERSON'
  AND (
      (p.p_brand = 'Brand#12' AND p.p_container LIKE 'SM%' AND l.l_quantity BETWEEN 1 AND 11 AND p.p_size <= 5)
      OR (p.p_brand = 'Brand#23' AND p.p_container LIKE 'MED%' AND l.l_quantity BETWEEN 10 AND 20 AND p.p_size <= 10)
      OR (p.p_brand = 'Brand#34' AND p.p_container LIKE 'LG%' AND l.l_quantity BETWEEN 20 AND 30 AND p.p_size <= 15)
  )
