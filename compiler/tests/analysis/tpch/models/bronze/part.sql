{{ materialized_view(
    key="p_partkey",
    columns={
        "p_partkey": column("BIGINT", not_null=True),
        "p_name": column("STRING", not_null=True),
        "p_mfgr": column("STRING", not_null=True),
        "p_brand": column("STRING", not_null=True),
        "p_type": column("STRING", not_null=True),
        "p_size": column("INT", not_null=True),
        "p_container": column("STRING", not_null=True),
        "p_retailprice": column("DECIMAL(15,2)", not_null=True),
        "p_comment": column("STRING", not_null=True),
    },
) }}
-- What is sold.
SELECT * FROM {{ source("tpch.part") }}
