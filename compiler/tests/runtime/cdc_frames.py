"""Small frames of changes in and rows out, for the tests of AUTO CDC."""

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc import CdcSpec, target_rows


def frame(spark: SparkSession, rows: list[Any], schema: str) -> DataFrame:
    return spark.createDataFrame(rows, schema)


def visible_rows(state: DataFrame, spec: CdcSpec) -> list[tuple[Any, ...]]:
    return in_order(target_rows(state, spec))


def in_order(rows: DataFrame) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in rows.collect()), key=repr)


def by_id(scd_type: int, **options: Any) -> CdcSpec:
    """A flow of rows `id, ..., at`; a row without `alive` is an upsert."""
    return CdcSpec("silver.target", ("id",), F.col("at"), scd_type, except_column_list=("at",), **options)
