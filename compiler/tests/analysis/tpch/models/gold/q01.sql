{{ materialized_view(key=["l_returnflag", "l_linestatus"]) }}
-- How much was billed, shipped and returned up to a day?
SELECT
    l_returnflag,
    l_linestatus,
    sum(l_quantity) AS pieces,
    sum(l_extendedprice) AS price,
    sum(l_extendedprice * (1 - l_discount)) AS price_paid,
    sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS charge,
    avg(l_quantity) AS average_pieces,
    avg(l_extendedprice) AS average_price,
    avg(l_discount) AS average_discount,
    count(*) AS lines
FROM {{ ref("bronze.lineitem") }}
WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL 90 DAYS
GROUP BY l_returnflag, l_linestatus
ORDER BY l_returnflag, l_linestatus
