# parcels_landing_depots_v1_key
# Each `depot` has one row in `parcels_landing_depots_v1`.
#
# Reads `landing.depots`. Compiled by cbx, since it could not be proven: change the models, not this.


from pyspark import pipelines as dp
from pyspark.sql import functions as F


@dp.materialized_view(
    name="parcels_landing_depots_v1_key",
    comment="parcels_landing_depots_v1 has one row for each depot",
    private=True,
)
@dp.expect("key_is_unique", "num_entries = 1")
def parcels_landing_depots_v1_key():
    return (
        spark.read.table("parcels_landing_depots_v1")
        .groupBy("depot")
        .agg(F.count("*").alias("num_entries"))
    )
