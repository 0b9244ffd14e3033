"""Customers and where they live."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@materialized_view(key="c_custkey")
def customer_nations(
    customers: DataFrame = ref("bronze.customer"),
    nations: DataFrame = ref("bronze.nation"),
) -> DataFrame:
    home = customers["c_nationkey"] == nations["n_nationkey"]
    return customers.join(nations, home, "left").select("c_custkey", "c_name", F.initcap("n_name").alias("nation"))
