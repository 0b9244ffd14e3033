# refined.parcels
# One row per parcel: where it was last seen.
#
# Reads `landing.scans`. Compiled by cbx from `models/refined/shipments/parcels.py`: change the model, not this file.


import re

from pyspark import pipelines as dp
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


# macros/spaces.py
def squeeze(text: Column) -> Column:
    return F.trim(F.regexp_replace(text, r"\s+", " "))


# macros/names.py
UNKNOWN = "?"


def tidy(name: str) -> Column:
    """A name in capitals, without spare white space."""
    return squeeze(F.upper(name))


tidied = tidy


# models/refined/shipments/parcels.py
_CODE = re.compile("[A-Z]+")


def _depot(name: str) -> Column:
    return tidied(name if _CODE.match(name.upper()) else UNKNOWN)


def parcels(
    scans: DataFrame,
) -> DataFrame:
    # The readers spell depots as they like.
    return scans.withColumn("depot", _depot("depot"))


@dp.temporary_view(
    name="parcels_refined_parcels_v1_changes",
    comment="Changes applied to parcels_refined.parcels_v1.",
)
@dp.expect("positive", "weight > 0")
def parcels_refined_parcels_v1_changes():
    return parcels(spark.readStream.table("parcels_landing.scans_v1"))


dp.create_streaming_table(
    name="parcels_refined.parcels_v1",
    comment="One row per parcel: where it was last seen.",
    schema="""
        parcel_id BIGINT NOT NULL,
        depot STRING,
        weight DOUBLE,
        scanned_at TIMESTAMP,
        CONSTRAINT parcels_key PRIMARY KEY (parcel_id)
    """,
    table_properties={"quality": "refined", "pipelines.reset.allowed": "false"},
)

dp.create_auto_cdc_flow(
    target="parcels_refined.parcels_v1",
    source="parcels_refined_parcels_v1_changes",
    keys=["parcel_id"],
    sequence_by=F.struct("scanned_at", "weight"),
    ignore_null_updates=["weight"],
    apply_as_deletes="depot = 'LOST'",
    except_column_list=["origin"],
    stored_as_scd_type=1,
)
