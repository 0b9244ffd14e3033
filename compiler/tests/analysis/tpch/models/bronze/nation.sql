{{ materialized_view(
    key="n_nationkey",
    columns={
        "n_nationkey": column("BIGINT", not_null=True),
        "n_name": column("STRING", not_null=True),
        "n_regionkey": column("BIGINT", not_null=True),
        "n_comment": "STRING",
    },
    relationships=[
        many_to_one("bronze.region", on={"n_regionkey": "r_regionkey"}),
    ],
) }}
-- Countries, each in one region.
SELECT * FROM {{ source("tpch.nation") }}
