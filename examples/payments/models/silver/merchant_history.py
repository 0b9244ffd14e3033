"""Each version of a merchant, from the daily exports."""

from cbx import auto_cdc_from_snapshot, snapshots
from pyspark.sql import DataFrame


@auto_cdc_from_snapshot(key="merchant_id", scd_type=2)
def merchant_history(
    exports: DataFrame = snapshots(
        "{{ var('landing') }}/merchants",
        format="csv",
        columns={"merchant_id": "BIGINT", "merchant_name": "STRING", "country": "STRING"},
    ),
) -> DataFrame:
    return exports
