"""The depots, as the master data has them."""

from cbx import column, source, var, view
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@view(
    key="depot",
    columns={
        "depot": column("STRING", "Short name of the depot", not_null=True),
        "country": "STRING",
    },
    tags=["master-data"],
    owner="logistics",
)
def depots(rows: DataFrame = source("main.reference.depots"), *, closed: DataFrame = source("main.reference.closed")) -> DataFrame:
    return rows.join(closed, "depot", "left_anti").where(F.col("size") >= var("minimum_weight"))
