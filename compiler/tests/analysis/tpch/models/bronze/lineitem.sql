{{ materialized_view(
    key=["l_orderkey", "l_linenumber"],
    columns={
        "l_orderkey": column("BIGINT", not_null=True),
        "l_partkey": column("BIGINT", not_null=True),
        "l_suppkey": column("BIGINT", not_null=True),
        "l_linenumber": column("INT", not_null=True),
        "l_quantity": column("DECIMAL(15,2)", not_null=True),
        "l_extendedprice": column("DECIMAL(15,2)", not_null=True),
        "l_discount": column("DECIMAL(15,2)", not_null=True),
        "l_tax": column("DECIMAL(15,2)", not_null=True),
        "l_returnflag": column("STRING", not_null=True),
        "l_linestatus": column("STRING", not_null=True),
        "l_shipdate": column("DATE", not_null=True),
        "l_commitdate": column("DATE", not_null=True),
        "l_receiptdate": column("DATE", not_null=True),
        "l_shipinstruct": column("STRING", not_null=True),
        "l_shipmode": column("STRING", not_null=True),
        "l_comment": column("STRING", not_null=True),
    },
    relationships=[
        many_to_one("bronze.orders", on={"l_orderkey": "o_orderkey"}),
        many_to_one("bronze.partsupp", on={"l_partkey": "ps_partkey", "l_suppkey": "ps_suppkey"}),
    ],
) }}
-- The parts of an order, line by line.
SELECT * FROM {{ source("tpch.lineitem") }}
