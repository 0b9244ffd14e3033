"""Customers and suppliers in one list."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@materialized_view(key=["role", "id"])
def parties(
    customers: DataFrame = ref("bronze.customer"),
    suppliers: DataFrame = ref("bronze.supplier"),
) -> DataFrame:
    buyers = customers.select(F.lit("customer").alias("role"), F.col("c_custkey").alias("id"), "c_name")
    sellers = suppliers.select(F.lit("supplier").alias("role"), F.col("s_suppkey").alias("id"), "s_name")
    return buyers.union(sellers)
