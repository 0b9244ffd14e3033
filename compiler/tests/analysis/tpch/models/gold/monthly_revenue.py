"""Revenue by month and nation of the customer."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from macros.prices import discounted


@materialized_view(key=["month", "nation"])
def monthly_revenue(
    orders: DataFrame = ref("bronze.orders"),
    lines: DataFrame = ref("bronze.lineitem"),
    customers: DataFrame = ref("bronze.customer"),
    nations: DataFrame = ref("bronze.nation"),
) -> DataFrame:
    sold = orders.join(lines, orders.o_orderkey == lines.l_orderkey)
    placed = sold.join(customers, sold.o_custkey == customers.c_custkey)
    known = placed.join(nations, placed.c_nationkey == nations.n_nationkey)
    month = F.date_trunc("month", "o_orderdate").alias("month")
    return known.groupBy(month, F.col("n_name").alias("nation")).agg(F.sum(discounted()).alias("revenue"))
