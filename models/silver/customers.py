"""The latest profile of each customer."""

from pyspark.sql import DataFrame

from cbx import auto_cdc, column, one_to_many, stream


@auto_cdc(
    key="customer_id",
    sequence_by="created_date",
    scd_type=1,
    relationships=[one_to_many("silver.orders", on="customer_id")],
    columns={
        "customer_id": column("BIGINT", not_null=True),
        "customer_name": "STRING",
        "date_of_birth": "DATE",
        "telephone": "STRING",
        "email": "STRING",
        "created_date": "DATE",
    },
)
def customers(changes: DataFrame = stream("silver.customers_clean")) -> DataFrame:
    return changes
