"""What each order costs, beside what its head says."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from macros.prices import discounted


@materialized_view(key="o_orderkey")
def order_totals(
    orders: DataFrame = ref("bronze.orders"),
    lines: DataFrame = ref("bronze.lineitem"),
) -> DataFrame:
    totals = lines.groupBy(F.col("l_orderkey").alias("o_orderkey")).agg(
        F.sum(discounted()).alias("revenue"), F.count("*").alias("lines")
    )
    return orders.join(totals, "o_orderkey").select("o_orderkey", "o_totalprice", "revenue", "lines")
