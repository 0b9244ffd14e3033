"""The state of the merges into a target of AUTO CDC, with its columns.

Without them, Spark reads a file to find the columns, which is a job of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.files.atomic_write import write_atomically
from cbx.runtime.tables.schema import read_struct

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

_COLUMNS = "_columns.json"
"""Spark reads no file whose name starts with an underscore."""


def write_merge_state(state: DataFrame, folder: Path) -> None:
    """Write the state of a version, which replaces one of an update that was not committed."""
    writer = state.write.mode("overwrite")
    writer.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(str(folder))
    write_atomically(folder / _COLUMNS, state.schema.json())


def read_merge_state(spark: SparkSession, folder: Path) -> DataFrame:
    """The state of a version; earlier versions of cbx stored no columns with it."""
    reader, columns = spark.read, folder / _COLUMNS
    if columns.is_file():
        reader = reader.schema(read_struct(columns.read_text(encoding="utf-8")))
    return reader.parquet(str(folder))
