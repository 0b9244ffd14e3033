"""The owners as last heard of."""

from cbx import auto_cdc, column, one_to_many, stream
from pyspark.sql import DataFrame


@auto_cdc(
    key="owner_id",
    sequence_by="changed_at",
    scd_type=1,
    apply_as_deletes="operation = 'delete'",
    except_columns=["operation"],
    columns={
        "owner_id": column("BIGINT", "The number on the card.", not_null=True),
        "owner_name": "STRING",
        "phone": "STRING",
        "town": "STRING",
        "changed_at": "TIMESTAMP",
        "operation": "STRING",
    },
    relationships=[one_to_many("cleaned.animals", on="owner_id")],
)
def owners(changes: DataFrame = stream("cleaned.owners_clean")) -> DataFrame:
    return changes
