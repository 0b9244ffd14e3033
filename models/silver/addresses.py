"""All addresses of each customer, with the time in which each was current."""

from pyspark.sql import DataFrame

from cbx import auto_cdc, column, one_to_one, stream


@auto_cdc(
    key="customer_id",
    sequence_by="created_date",
    scd_type=2,
    relationships=[one_to_one("silver.customers", on="customer_id")],
    columns={
        "customer_id": column("BIGINT", not_null=True),
        "address_line_1": "STRING",
        "city": "STRING",
        "state": "STRING",
        "postcode": "STRING",
        "created_date": "DATE",
    },
)
def addresses(changes: DataFrame = stream("silver.addresses_clean")) -> DataFrame:
    return changes
