"""Lines with the head of their order."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame


@materialized_view(key=["o_orderkey", "l_linenumber"])
def order_lines(
    lines: DataFrame = ref("bronze.lineitem"),
    orders: DataFrame = ref("bronze.orders"),
) -> DataFrame:
    renamed = lines.withColumnRenamed("l_orderkey", "o_orderkey")
    return renamed.join(orders.select("o_orderkey", "o_orderdate"), ["o_orderkey"])
