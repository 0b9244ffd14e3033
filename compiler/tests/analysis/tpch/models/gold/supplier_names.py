"""Suppliers by name, which nothing says is unique."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame


@materialized_view(key="s_name")
def supplier_names(
    suppliers: DataFrame = ref("bronze.supplier"),
    nations: DataFrame = ref("bronze.nation"),
) -> DataFrame:
    return suppliers.join(nations, suppliers.s_nationkey == nations.n_nationkey).select("s_name", "n_name")
