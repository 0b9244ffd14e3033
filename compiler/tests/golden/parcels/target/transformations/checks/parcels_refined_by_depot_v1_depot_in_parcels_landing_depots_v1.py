# parcels_refined_by_depot_v1_depot_in_parcels_landing_depots_v1
# Each row of `parcels_refined.by_depot_v1` finds its row of `parcels_landing_depots_v1` by `depot`.
#
# Reads `refined.by_depot`, `landing.depots`. Compiled by cbx, since it could not be proven: change the models, not this.


from pyspark import pipelines as dp
from pyspark.sql import functions as F


@dp.materialized_view(
    name="parcels_refined_by_depot_v1_depot_in_parcels_landing_depots_v1",
    comment="Each row of parcels_refined.by_depot_v1 finds its row of parcels_landing_depots_v1",
    private=True,
)
@dp.expect("parent_exists", "parent_found")
def parcels_refined_by_depot_v1_depot_in_parcels_landing_depots_v1():
    parents = spark.read.table("parcels_landing_depots_v1").select("depot").distinct()
    parents = parents.withColumn("parent_found", F.lit(True))
    return (
        spark.read.table("parcels_refined.by_depot_v1")
        .where("depot IS NOT NULL")
        .select("depot")
        .join(parents, ["depot"], "left")
    )
