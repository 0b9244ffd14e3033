# parcels_refined_by_depot_v1_key
# Each `depot`, `day` has one row in `parcels_refined.by_depot_v1`.
#
# Reads `refined.by_depot`. Compiled by cbx, since it could not be proven: change the models, not this.


from pyspark import pipelines as dp
from pyspark.sql import functions as F


@dp.materialized_view(
    name="parcels_refined_by_depot_v1_key",
    comment="parcels_refined.by_depot_v1 has one row for each depot, day",
    private=True,
)
@dp.expect("key_is_unique", "num_entries = 1")
def parcels_refined_by_depot_v1_key():
    return (
        spark.read.table("parcels_refined.by_depot_v1")
        .groupBy("depot", "day")
        .agg(F.count("*").alias("num_entries"))
    )
