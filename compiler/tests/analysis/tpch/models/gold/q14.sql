{{ materialized_view() }}
-- Which part of a month's revenue came from promotions?
SELECT
    100 * sum(CASE WHEN p.p_type LIKE 'PROMO%' THEN l.l_extendedprice * (1 - l.l_discount) ELSE 0 END)
        / sum(l.l_extendedprice * (1 - l.l_discount)) AS promotion_share
FROM {{ ref("bronze.lineitem") }} AS l
JOIN {{ ref("bronze.part") }} AS p ON p.p_partkey = l.l_partkey
WHERE l.l_shipdate >= DATE '1995-09-01' AND l.l_shipdate < DATE '1995-10-01'
