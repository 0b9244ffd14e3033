"""Writes rows as Parquet, as Spark does: with the same types, and Spark's columns in the metadata of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from cbx.runtime.sail.files.arrow_rows import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pyspark.sql.types import StructType

FILE: Final = "part-00000.snappy.parquet"
_SPARK: Final = "4.2.1"
"""Spark takes dates and times of files of its version as they are, without another calendar for old ones."""


def write_parquet(folder: Path, columns: StructType, tables: Iterable[pa.Table]) -> int:
    """Write rows to a new file, also if there are none.

    Args:
        folder: The folder of the file, which is made.
        columns: Their columns.
        tables: The rows, in parts.

    Returns:
        The number of rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    schema = arrow_schema(columns).with_metadata(
        {
            "org.apache.spark.version": _SPARK,
            "org.apache.spark.sql.parquet.row.metadata": json.dumps(columns.jsonValue()),
        }
    )
    options = {
        "compression": "snappy",
        "store_schema": False,
        "coerce_timestamps": "us",
        "store_decimal_as_integer": True,
    }
    count = 0
    with pq.ParquetWriter(folder / FILE, schema, **options) as writer:
        for table in tables:
            writer.write_table(pa.Table.from_arrays(table.columns, schema=schema))
            count += table.num_rows
    return count
