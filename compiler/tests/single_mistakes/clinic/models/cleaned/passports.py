"""The passport of an animal, if it has one."""

from cbx import materialized_view, one_to_one, source
from pyspark.sql import DataFrame


@materialized_view(
    key="passport_id",
    columns={"animal_id": "BIGINT", "passport_id": "STRING", "issued_on": "DATE"},
    relationships=[one_to_one("cleaned.microchips", on="passport_id")],
)
def passports(issued: DataFrame = source("customs.passports")) -> DataFrame:
    return issued.select("animal_id", "passport_id", "issued_on")
