"""How much of each medicine is used, and how often."""

from cbx import materialized_view, one_to_one, ref
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@materialized_view(
    key="medicine_id",
    columns={"medicine_id": "BIGINT", "doses_given": "BIGINT", "visit_count": "BIGINT"},
    relationships=[one_to_one("landing.medicines", on="medicine_id")],
)
def medicine_use(treatments: DataFrame = ref("cleaned.treatments")) -> DataFrame:
    return treatments.groupBy("medicine_id").agg(
        F.sum("doses").alias("doses_given"),
        F.countDistinct("visit_id").alias("visit_count"),
    )
