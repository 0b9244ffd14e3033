"""Payments as the bank tells them."""

from cbx import stream_source, streaming_table
from pyspark.sql import DataFrame


@streaming_table(
    columns={"payment_id": "BIGINT", "visit_id": "BIGINT", "amount": "DECIMAL(12, 2)", "paid_on": "DATE"},
)
def payments(booked: DataFrame = stream_source("bank.booked_payments")) -> DataFrame:
    return booked.select("payment_id", "visit_id", "amount", "paid_on")
