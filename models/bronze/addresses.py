"""Customer addresses from the landing files, one row per change."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from cbx import auto_loader, streaming_table


@streaming_table(
    columns={
        "customer_id": "BIGINT",
        "address_line_1": "STRING",
        "city": "STRING",
        "state": "STRING",
        "postcode": "STRING",
        "created_date": "STRING",
        "_rescued_data": "STRING",
        "source_file": "STRING",
        "loaded_at": "TIMESTAMP",
    },
)
def addresses(files: DataFrame = auto_loader("{{ var('landing') }}/addresses", format="csv")) -> DataFrame:
    return files.select(
        "*",
        F.col("_metadata.file_path").alias("source_file"),
        F.current_timestamp().alias("loaded_at"),
    )
