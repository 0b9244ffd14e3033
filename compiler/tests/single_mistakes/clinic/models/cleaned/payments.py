"""Payments, each once, in the clinic's currency."""

from cbx import expect_or_fail, many_to_one, materialized_view, ref, var
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@materialized_view(
    key="payment_id",
    columns={
        "payment_id": "BIGINT",
        "visit_id": "BIGINT",
        "amount": "DECIMAL(12, 2)",
        "paid_on": "DATE",
        "currency": "STRING",
    },
    expectations=[expect_or_fail("paid_something", "{{ positive('amount') }}")],
    relationships=[many_to_one("cleaned.visits", on="visit_id")],
)
def payments(booked: DataFrame = ref("landing.payments")) -> DataFrame:
    currency = F.lit(var("currency")).alias("currency")
    return booked.dropDuplicates(["payment_id"]).select("payment_id", "visit_id", "amount", "paid_on", currency)
