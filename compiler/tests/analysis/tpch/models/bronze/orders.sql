{{ materialized_view(
    key="o_orderkey",
    columns={
        "o_orderkey": column("BIGINT", not_null=True),
        "o_custkey": column("BIGINT", not_null=True),
        "o_orderstatus": column("STRING", not_null=True),
        "o_totalprice": column("DECIMAL(15,2)", not_null=True),
        "o_orderdate": column("DATE", not_null=True),
        "o_orderpriority": column("STRING", not_null=True),
        "o_clerk": column("STRING", not_null=True),
        "o_shippriority": column("INT", not_null=True),
        "o_comment": column("STRING", not_null=True),
    },
    relationships=[
        many_to_one("bronze.customer", on={"o_custkey": "c_custkey"}),
    ],
) }}
-- What customers ordered when.
SELECT * FROM {{ source("tpch.orders") }}
