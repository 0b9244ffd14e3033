"""The eight tables of TPC-H: their columns, primary keys and foreign keys, as the specification lists them."""

from __future__ import annotations

from shop import table

from cbx.analysis.facts import TableRelationship

TABLES = {
    listed.name: listed
    for listed in (
        table("region", "r_regionkey BIGINT!, r_name STRING!, r_comment STRING", ("r_regionkey",)),
        table("nation", "n_nationkey BIGINT!, n_name STRING!, n_regionkey BIGINT!, n_comment STRING", ("n_nationkey",)),
        table(
            "supplier",
            "s_suppkey BIGINT!, s_name STRING!, s_address STRING!, s_nationkey BIGINT!, s_phone STRING!, "
            "s_acctbal DECIMAL(15,2)!, s_comment STRING!",
            ("s_suppkey",),
        ),
        table(
            "part",
            "p_partkey BIGINT!, p_name STRING!, p_mfgr STRING!, p_brand STRING!, p_type STRING!, p_size INT!, "
            "p_container STRING!, p_retailprice DECIMAL(15,2)!, p_comment STRING!",
            ("p_partkey",),
        ),
        table(
            "partsupp",
            "ps_partkey BIGINT!, ps_suppkey BIGINT!, ps_availqty INT!, ps_supplycost DECIMAL(15,2)!, "
            "ps_comment STRING!",
            ("ps_partkey", "ps_suppkey"),
        ),
        table(
            "customer",
            "c_custkey BIGINT!, c_name STRING!, c_address STRING!, c_nationkey BIGINT!, c_phone STRING!, "
            "c_acctbal DECIMAL(15,2)!, c_mktsegment STRING!, c_comment STRING!",
            ("c_custkey",),
        ),
        table(
            "orders",
            "o_orderkey BIGINT!, o_custkey BIGINT!, o_orderstatus STRING!, o_totalprice DECIMAL(15,2)!, "
            "o_orderdate DATE!, o_orderpriority STRING!, o_clerk STRING!, o_shippriority INT!, o_comment STRING!",
            ("o_orderkey",),
        ),
        table(
            "lineitem",
            "l_orderkey BIGINT!, l_partkey BIGINT!, l_suppkey BIGINT!, l_linenumber INT!, l_quantity DECIMAL(15,2)!, "
            "l_extendedprice DECIMAL(15,2)!, l_discount DECIMAL(15,2)!, l_tax DECIMAL(15,2)!, l_returnflag STRING!, "
            "l_linestatus STRING!, l_shipdate DATE!, l_commitdate DATE!, l_receiptdate DATE!, l_shipinstruct STRING!, "
            "l_shipmode STRING!, l_comment STRING!",
            ("l_orderkey", "l_linenumber"),
        ),
    )
}


def _many(parent: str, child: str, on: dict[str, str]) -> TableRelationship:
    return TableRelationship(parent, child, tuple(on.items()), "one_to_many")


RELATIONSHIPS = (
    _many("region", "nation", {"n_regionkey": "r_regionkey"}),
    _many("nation", "supplier", {"s_nationkey": "n_nationkey"}),
    _many("nation", "customer", {"c_nationkey": "n_nationkey"}),
    _many("part", "partsupp", {"ps_partkey": "p_partkey"}),
    _many("supplier", "partsupp", {"ps_suppkey": "s_suppkey"}),
    _many("customer", "orders", {"o_custkey": "c_custkey"}),
    _many("orders", "lineitem", {"l_orderkey": "o_orderkey"}),
    _many("partsupp", "lineitem", {"l_partkey": "ps_partkey", "l_suppkey": "ps_suppkey"}),
)
