"""The state of the merges into a target of AUTO CDC, with its columns and its buckets.

Without the columns, Spark reads a file to find them, which is a job of its own. A state without buckets, as all were in
earlier versions of cbx, is one part that is always read and written whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbx.files.atomic_write import write_atomically
from cbx.runtime.tables.bucket_files import bucket_of_file, glob_of_buckets
from cbx.runtime.tables.schema import read_struct
from cbx.runtime.tables.store import read_document

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

_COLUMNS = "_columns.json"
"""Spark reads no file whose name starts with an underscore."""
_DIVISION = "_buckets.json"


@dataclass(frozen=True, slots=True)
class MergeState:
    """The state of a version.

    Attributes:
        folder: Its folder.
        columns: Its columns; None if an earlier version of cbx stored none.
        buckets: How many buckets it has; 1 if it is not divided.
        definition: A hash of what its rows, and those of the target, depend on apart from the changes.
    """

    folder: Path
    columns: StructType | None
    buckets: int = 1
    definition: str = ""

    def files(self, numbers: Collection[int] | None = None) -> list[Path]:
        """Its files, of all buckets or of some."""
        files = sorted(self.folder.glob("*.parquet"))
        return files if numbers is None else [file for file in files if bucket_of_file(file.name) in numbers]

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return sum(file.stat().st_size for file in self.files())


def open_merge_state(folder: Path) -> MergeState:
    """The state of a version, of which only the columns are read.

    Raises:
        CannotRunError: If it is corrupt.
    """
    columns, division = folder / _COLUMNS, folder / _DIVISION
    struct = read_struct(columns.read_text(encoding="utf-8")) if columns.is_file() else None
    if struct is None or not division.is_file():
        return MergeState(folder, struct)
    document = read_document(division)
    return MergeState(folder, struct, document["buckets"], document["definition"])


def describe_merge_state(state: MergeState) -> None:
    """Store the columns of a state, and how it is divided, beside its rows."""
    if state.columns is not None:
        write_atomically(state.folder / _COLUMNS, state.columns.json())
    if state.buckets > 1:
        document = {"buckets": state.buckets, "definition": state.definition}
        write_atomically(state.folder / _DIVISION, json.dumps(document))


def read_merge_state(spark: SparkSession, state: MergeState, numbers: Collection[int] | None = None) -> DataFrame:
    """The rows of a state, of all buckets or of some, with Spark."""
    reader = spark.read
    if state.columns is not None:
        reader = reader.schema(state.columns)
    if numbers is not None:
        reader = reader.option("pathGlobFilter", glob_of_buckets(numbers))
    return reader.parquet(str(state.folder))
