"""Who offers which part."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@materialized_view(key=["ps_partkey", "ps_suppkey"])
def offers(
    offers: DataFrame = ref("bronze.partsupp"),
    parts: DataFrame = ref("bronze.part"),
    suppliers: DataFrame = ref("bronze.supplier"),
) -> DataFrame:
    return (
        offers.join(parts, F.expr("ps_partkey = p_partkey"))
        .join(suppliers, F.expr("ps_suppkey = s_suppkey"))
        .selectExpr("ps_partkey", "ps_suppkey", "p_name", "s_name", "ps_supplycost")
    )
