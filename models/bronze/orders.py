"""Orders with their items from the landing files, one row per order."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from cbx import auto_loader, streaming_table

ITEMS = "ARRAY<STRUCT<item_id: BIGINT, name: STRING, category: STRING, price: DECIMAL(10, 2), quantity: INT>>"


@streaming_table(
    columns={
        "order_id": "BIGINT",
        "customer_id": "BIGINT",
        "order_timestamp": "STRING",
        "payment_method": "STRING",
        "order_status": "STRING",
        "items": ITEMS,
        "_rescued_data": "STRING",
        "source_file": "STRING",
        "loaded_at": "TIMESTAMP",
    },
)
def orders(files: DataFrame = auto_loader("{{ var('landing') }}/orders", format="json")) -> DataFrame:
    return files.select(
        "*",
        F.col("_metadata.file_path").alias("source_file"),
        F.current_timestamp().alias("loaded_at"),
    )
