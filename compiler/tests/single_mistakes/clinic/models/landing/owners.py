"""The owners of animals, as the reception writes them down."""

from cbx import auto_loader, streaming_table
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
    tags=["reception"],
)
def owners(files: DataFrame = auto_loader("{{ var('files') }}/owners", format="json")) -> DataFrame:
    return files.select("owner_id", "owner_name", "phone", "town", "changed_at", "operation")
