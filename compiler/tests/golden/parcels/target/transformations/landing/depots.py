# landing.depots
# The depots, as the master data has them.
#
# Reads `main.reference.depots`, `main.reference.closed`. Compiled by cbx from `models/landing/depots.py`: change the model, not this file.


from pyspark import pipelines as dp
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def var(name: str) -> str:
    """The value that the environment gives a variable of the project."""
    return spark.conf.get(f"parcels.{name}")


def depots(rows: DataFrame, *, closed: DataFrame) -> DataFrame:
    return rows.join(closed, "depot", "left_anti").where(F.col("size") >= var("minimum_weight"))


@dp.temporary_view(
    name="parcels_landing_depots_v1",
    comment="The depots, as the master data has them.",
)
def landing_depots():
    return depots(
        rows=spark.read.table("main.reference.depots"),
        closed=spark.read.table("main.reference.closed"),
    )
