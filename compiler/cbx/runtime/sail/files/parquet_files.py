"""Writes rows as Parquet, as Spark does: with the same types, and Spark's columns in the metadata of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from pyspark.sql.types import StructType

from cbx.runtime.auto_cdc import BUCKET
from cbx.runtime.sail.files.arrow_rows import arrow_schema
from cbx.runtime.tables.bucket_files import bucket_file_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE: Final = "part-00000.snappy.parquet"
_SPARK: Final = "4.2.1"
"""Spark takes dates and times of files of its version as they are, without another calendar for old ones."""


def write_parquet(folder: Path, columns: StructType, tables: Iterable[pa.Table], name: str = FILE) -> int:
    """Write rows to a new file, also if there are none.

    Args:
        folder: The folder of the file, which is made.
        columns: Their columns.
        tables: The rows, in parts.
        name: The name of the file.

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
    with pq.ParquetWriter(folder / name, schema, **options) as writer:
        for table in tables:
            writer.write_table(pa.Table.from_arrays(table.columns, schema=schema))
            count += table.num_rows
    return count


def write_parquet_by_bucket(folder: Path, columns: StructType, rows: pa.Table) -> None:
    """Write rows to a file for each bucket, whose number is their column ``__cbx_bucket`` and is not written."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = rows.sort_by(BUCKET)
    counts = pc.value_counts(rows.column(BUCKET))
    stored = StructType([field for field in columns if field.name != BUCKET])
    start = 0
    for bucket in counts:
        number, length = bucket["values"].as_py(), bucket["counts"].as_py()
        part = rows.slice(start, length).drop_columns([BUCKET])
        write_parquet(folder, stored, [part], bucket_file_name(number, FILE))
        start += length
