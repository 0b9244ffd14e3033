"""Whom to remind of an open bill."""

from cbx import materialized_view, ref
from macros.texts import tidy
from pyspark.sql import DataFrame


@materialized_view(key="visit_id")
def reminders(
    bills: DataFrame = ref("reports.open_bills"),
    patients: DataFrame = ref("cleaned.patients"),
    owners: DataFrame = ref("cleaned.owners"),
) -> DataFrame:
    addressed = bills.join(patients, "animal_id").join(owners, "owner_id")
    return addressed.select("visit_id", tidy("owner_name"), "phone", "animal_name", "open_amount")
