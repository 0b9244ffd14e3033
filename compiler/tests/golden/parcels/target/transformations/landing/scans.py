# landing.scans
# Every scan of a parcel,
# as the hand-held readers send it.
#
# Reads `${drop}/scans`. Compiled by cbx from `models/landing/scans.sql`: change the model, not this file.


from pyspark import pipelines as dp
from pyspark.sql import functions as F


QUERY = """
SELECT
    *,
    _metadata.file_path AS origin
FROM STREAM(parcels_landing_scans_v1_files)
"""


@dp.temporary_view(name="parcels_landing_scans_v1_files")
def parcels_landing_scans_v1_files():
    return (
        spark.readStream.format("cloudFiles")
        .option("cloudFiles.format", "csv")
        .option("cloudFiles.inferColumnTypes", "true")
        .option(
            "cloudFiles.schemaHints",
            "parcel_id BIGINT, depot STRING, weight DOUBLE, scanned_at TIMESTAMP",
        )
        .option("header", "true")
        .option("sep", ";")
        .option("pathGlobFilter", "*.csv")
        .load(f"{spark.conf.get('parcels.drop')}/scans")
    )


@dp.table(
    name="parcels_landing.scans_v1",
    comment="Every scan of a parcel, as the hand-held readers send it.",
    table_properties={"quality": "landing"},
    cluster_by=["depot", "scanned_at"],
)
@dp.expect_or_drop("heavy_enough", f"weight >= {spark.conf.get('parcels.minimum_weight')}")
@dp.expect_or_fail("known_parcel", "parcel_id IS NOT NULL")
def landing_scans():
    return spark.sql(QUERY)


DROPPING_RULES = {
    "heavy_enough": f"weight >= {spark.conf.get('parcels.minimum_weight')}",
}


@dp.table(
    name="parcels_landing.scans_v1_quarantine",
    comment="Rows dropped from parcels_landing.scans_v1, with the rules that they broke.",
    table_properties={"quality": "landing"},
)
def landing_scans_quarantine():
    rows = spark.sql(QUERY)
    broken = [
        F.when(~F.coalesce(F.expr(condition), F.lit(False)), F.lit(rule))
        for rule, condition in DROPPING_RULES.items()
    ]
    rows = rows.withColumn("broken_rules", F.array_compact(F.array(*broken)))
    return rows.where("size(broken_rules) > 0")
