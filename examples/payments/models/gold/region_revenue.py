"""The revenue of one region by merchant, largest first: one table for each team."""

from cbx import each, materialized_view, ref
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@materialized_view(
    for_each=[{"region": "Europe", "team": "europe"}, {"region": "America", "team": "america"}],
    name="revenue_{{ each.team }}",
    key="merchant_id",
    columns={"merchant_id": "BIGINT", "merchant_name": "STRING", "revenue": "DECIMAL(38, 2)"},
    tags="{{ each.team }}",
)
def region_revenue(
    revenue: DataFrame = ref("gold.merchant_revenue"),
    region: str = each("region"),
) -> DataFrame:
    """The merchants of a region."""
    return revenue.where(F.col("region") == region).select("merchant_id", "merchant_name", "revenue")
