{{ materialized_view(key=["p_partkey", "s_name"]) }}
-- Which supplier of a region offers a part of a kind at the lowest price?
WITH offers AS (
    SELECT ps_partkey, ps_supplycost, s_acctbal, s_name, s_address, s_phone, s_comment, n_name
    FROM {{ ref("bronze.partsupp") }}
    JOIN {{ ref("bronze.supplier") }} ON s_suppkey = ps_suppkey
    JOIN {{ ref("bronze.nation") }} ON n_nationkey = s_nationkey
    JOIN {{ ref("bronze.region") }} ON r_regionkey = n_regionkey
    WHERE r_name = 'EUROPE'
)

SELECT o.s_acctbal, o.s_name, o.n_name, p.p_partkey, p.p_mfgr, o.s_address, o.s_phone, o.s_comment
FROM {{ ref("bronze.part") }} AS p
JOIN offers AS o ON o.ps_partkey = p.p_partkey
WHERE p.p_size = 15
  AND p.p_type LIKE '%BRASS'
  AND o.ps_supplycost = (SELECT min(other.ps_supplycost) FROM offers AS other WHERE other.ps_partkey = p.p_partkey)
ORDER BY o.s_acctbal DESC, o.n_name, o.s_name, p.p_partkey
LIMIT 100
