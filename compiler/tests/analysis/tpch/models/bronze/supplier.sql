{{ materialized_view(
    key="s_suppkey",
    columns={
        "s_suppkey": column("BIGINT", not_null=True),
        "s_name": column("STRING", not_null=True),
        "s_address": column("STRING", not_null=True),
        "s_nationkey": column("BIGINT", not_null=True),
        "s_phone": column("STRING", not_null=True),
        "s_acctbal": column("DECIMAL(15,2)", not_null=True),
        "s_comment": column("STRING", not_null=True),
    },
    relationships=[
        many_to_one("bronze.nation", on={"s_nationkey": "n_nationkey"}),
    ],
) }}
-- Who sells parts.
SELECT * FROM {{ source("tpch.supplier") }}
