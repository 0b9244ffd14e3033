"""One row per parcel: where it was last seen."""

import re

from cbx import auto_cdc, column, expect, many_to_one, stream
from pyspark.sql import Column, DataFrame

from macros.names import tidy as tidied, UNKNOWN

PARCEL = {"parcel_id": column("BIGINT", not_null=True), "depot": "STRING", "weight": "DOUBLE", "scanned_at": "TIMESTAMP"}
_CODE = re.compile("[A-Z]+")


def _depot(name: str) -> Column:
    return tidied(name if _CODE.match(name.upper()) else UNKNOWN)


@auto_cdc(
    key="parcel_id",
    sequence_by=["scanned_at", "weight"],
    scd_type=1,
    apply_as_deletes="depot = 'LOST'",
    ignore_null_updates=["weight"],
    except_columns="origin",
    columns={**PARCEL},
    relationships=[many_to_one("landing.depots", on="depot", enforce="fail")],
    expectations=[expect("positive", f"{{{{ above('weight', {0}) }}}}")],
    properties={"pipelines.reset.allowed": "false"},
)
def parcels(
    scans: DataFrame = stream("landing.scans"),
) -> DataFrame:
    # The readers spell depots as they like.
    return scans.withColumn("depot", _depot("depot"))
