"""Owners with an id, their names tidied."""

from cbx import expect, expect_or_drop, stream, streaming_table
from macros.texts import tidy
from pyspark.sql import DataFrame


@streaming_table(
    columns={
        "owner_id": "BIGINT",
        "owner_name": "STRING",
        "phone": "STRING",
        "town": "STRING",
        "changed_at": "TIMESTAMP",
        "operation": "STRING",
    },
    expectations=[
        expect_or_drop("has_id", "owner_id IS NOT NULL"),
        expect("has_phone", "length(phone) >= 6"),
        expect("known_operation", "{{ listed('operation', ['upsert', 'delete']) }}"),
    ],
    quarantine=True,
)
def owners_clean(arrived: DataFrame = stream("landing.owners")) -> DataFrame:
    return arrived.select("owner_id", tidy("owner_name"), "phone", tidy("town"), "changed_at", "operation")
