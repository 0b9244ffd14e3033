"""The days on which a clerk took orders."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame


@materialized_view(key=["o_clerk", "o_orderdate"])
def clerks(orders: DataFrame = ref("bronze.orders")) -> DataFrame:
    return orders.select("o_clerk", "o_orderdate").dropDuplicates()
