"""The newest order of each customer."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F


@materialized_view(key="o_custkey")
def latest_orders(orders: DataFrame = ref("bronze.orders")) -> DataFrame:
    newest_first = Window.partitionBy("o_custkey").orderBy(F.desc("o_orderdate"), F.desc("o_orderkey"))
    numbered = orders.withColumn("place", F.row_number().over(newest_first))
    return numbered.filter(F.col("place") == 1).drop("place")
