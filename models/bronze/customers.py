"""Customer profiles from the landing files, one row per change."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from cbx import auto_loader, streaming_table


@streaming_table(
    columns={
        "customer_id": "BIGINT",
        "customer_name": "STRING",
        "date_of_birth": "STRING",
        "telephone": "STRING",
        "email": "STRING",
        "created_date": "STRING",
        "_rescued_data": "STRING",
        "source_file": "STRING",
        "loaded_at": "TIMESTAMP",
    },
)
def customers(files: DataFrame = auto_loader("{{ var('landing') }}/customers", format="json")) -> DataFrame:
    return files.select(
        "*",
        F.col("_metadata.file_path").alias("source_file"),
        F.current_timestamp().alias("loaded_at"),
    )
