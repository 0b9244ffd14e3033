# refined.parcel_history
# Where each parcel was, and when.
#
# Reads `landing.scans`. Compiled by cbx from `models/refined/shipments/parcel_history.sql`: change the model, not this file.


from pyspark import pipelines as dp


QUERY = """
SELECT * FROM STREAM(parcels_landing.scans_v1)
"""


@dp.temporary_view(
    name="parcels_refined_parcel_history_v1_changes",
    comment="Changes applied to parcels_refined.parcel_history_v1.",
)
def parcels_refined_parcel_history_v1_changes():
    return spark.sql(QUERY)


dp.create_streaming_table(
    name="parcels_refined.parcel_history_v1",
    comment="Where each parcel was, and when.",
    table_properties={"quality": "refined"},
)

dp.create_auto_cdc_flow(
    target="parcels_refined.parcel_history_v1",
    source="parcels_refined_parcel_history_v1_changes",
    keys=["parcel_id"],
    sequence_by="scanned_at",
    stored_as_scd_type=2,
    track_history_except_column_list=["weight"],
)
