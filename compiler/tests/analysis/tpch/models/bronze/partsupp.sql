{{ materialized_view(
    key=["ps_partkey", "ps_suppkey"],
    columns={
        "ps_partkey": column("BIGINT", not_null=True),
        "ps_suppkey": column("BIGINT", not_null=True),
        "ps_availqty": column("INT", not_null=True),
        "ps_supplycost": column("DECIMAL(15,2)", not_null=True),
        "ps_comment": column("STRING", not_null=True),
    },
    relationships=[
        many_to_one("bronze.part", on={"ps_partkey": "p_partkey"}),
        many_to_one("bronze.supplier", on={"ps_suppkey": "s_suppkey"}),
    ],
) }}
-- Which supplier has which part, and for how much.
SELECT * FROM {{ source("tpch.partsupp") }}
