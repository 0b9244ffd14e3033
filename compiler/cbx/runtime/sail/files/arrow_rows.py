"""The rows of queries on Sail as Arrow tables, with the types that Spark's types have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql.pandas.types import to_arrow_schema

from cbx.runtime.sail.messages import plan_of
from cbx.runtime.tables.arrow_structs import clear_null_structs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


def arrow_schema(columns: StructType) -> pa.Schema:
    """The columns of Arrow for columns of Spark."""
    return to_arrow_schema(columns, error_on_duplicated_field_names_in_struct=True, timezone="UTC")


def read_batches(frame: DataFrame) -> Iterator[pa.Table]:
    """The rows of a query, in parts."""
    remote: Any = frame
    client = remote.sparkSession.client
    schema = arrow_schema(frame.schema)
    for part in client.to_table_as_iterator(plan_of(frame), {}):
        if not hasattr(part, "simpleString"):
            yield part.cast(schema)


def read_rows(frame: DataFrame) -> pa.Table:
    """The rows of a query."""
    return concat_rows(read_batches(frame), frame.schema)


def concat_rows(tables: Iterable[pa.Table], columns: StructType) -> pa.Table:
    """The rows of several tables with the same columns, or of none."""
    parts = list(tables)
    return pa.concat_tables(parts) if parts else arrow_schema(columns).empty_table()


def create_frame(spark: SparkSession, rows: pa.Table, columns: StructType) -> DataFrame:
    """The rows of an Arrow table as a query."""
    return spark.createDataFrame(clear_null_structs(rows) if rows.num_rows else [], columns)
