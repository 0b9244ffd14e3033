{{ materialized_view(
    key="c_custkey",
    columns={
        "c_custkey": column("BIGINT", not_null=True),
        "c_name": column("STRING", not_null=True),
        "c_address": column("STRING", not_null=True),
        "c_nationkey": column("BIGINT", not_null=True),
        "c_phone": column("STRING", not_null=True),
        "c_acctbal": column("DECIMAL(15,2)", not_null=True),
        "c_mktsegment": column("STRING", not_null=True),
        "c_comment": column("STRING", not_null=True),
    },
    relationships=[
        many_to_one("bronze.nation", on={"c_nationkey": "n_nationkey"}),
    ],
) }}
-- Who buys.
SELECT * FROM {{ source("tpch.customer") }}
