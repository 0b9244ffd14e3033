"""Customer profiles that passed the quality gate, one row per change received."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from cbx import column, expect, expect_or_drop, expect_or_fail, stream, streaming_table
from macros.contact import digits_only


@streaming_table(
    key=["customer_id", "created_date"],
    columns={
        "customer_id": column("BIGINT", not_null=True),
        "customer_name": "STRING",
        "date_of_birth": "DATE",
        "telephone": "STRING",
        "email": "STRING",
        "created_date": "DATE",
    },
    expectations=[
        expect_or_fail("valid_customer_id", "customer_id IS NOT NULL"),
        expect_or_drop("valid_customer_name", "customer_name IS NOT NULL"),
        expect("valid_telephone", "{{ at_least_digits('telephone', 10) }}"),
        expect("valid_email", "email IS NOT NULL"),
        expect("valid_date_of_birth", "date_of_birth >= DATE '1920-01-01'"),
    ],
    quarantine=True,
)
def customers_clean(customers: DataFrame = stream("bronze.customers")) -> DataFrame:
    return customers.select(
        "customer_id",
        "customer_name",
        F.col("date_of_birth").try_cast("DATE").alias("date_of_birth"),
        digits_only("telephone").alias("telephone"),
        "email",
        F.col("created_date").try_cast("DATE").alias("created_date"),
    )
