{{ materialized_view(
    key="r_regionkey",
    columns={
        "r_regionkey": column("BIGINT", not_null=True),
        "r_name": column("STRING", not_null=True),
        "r_comment": "STRING",
    },
) }}
-- Parts of the world.
SELECT * FROM {{ source("tpch.region") }}
