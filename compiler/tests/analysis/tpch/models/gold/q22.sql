{{ materialized_view(key="country_code") }}
-- Where are customers with money who have not ordered for long?
WITH chosen AS (
    SELECT c_custkey, substring(c_phone, 1, 2) AS country_code, c_acctbal
    FROM {{ ref("bronze.customer") }}
    WHERE substring(c_phone, 1, 2) IN ('13', '31', '23', '29', '30', '18', '17')
)

SELECT country_code, count(*) AS customers, sum(c_acctbal) AS balance
FROM chosen
LEFT ANTI JOIN {{ ref("bronze.orders") }} ON o_custkey = c_custkey
WHERE c_acctbal > (SELECT avg(c_acctbal) FROM chosen WHERE c_acctbal > 0)
GROUP BY country_code
ORDER BY country_code
