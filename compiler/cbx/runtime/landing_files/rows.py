"""Collects the rows of landing files as an Arrow table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql.types import DataType, IntegerType, LongType, StringType, StructField, StructType

from cbx.runtime.landing_files.arrow_types import arrow_type
from cbx.runtime.landing_files.errors import NeedsSparkError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.reading_plan import ReadingPlan

METADATA: Final = "_metadata"
METADATA_TYPE: Final = pa.struct(
    [
        ("file_path", pa.string()),
        ("file_name", pa.string()),
        ("file_size", pa.int64()),
        ("file_block_start", pa.int64()),
        ("file_block_length", pa.int64()),
        ("file_modification_time", pa.timestamp("us", tz="UTC")),
    ]
)
_NO_PARTITION: Final = ("", "__HIVE_DEFAULT_PARTITION__")
_ESCAPES: Final = re.compile(r"(?:[^%]|%[0-9a-fA-F]{2})*")
_DIGITS: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)


@dataclass(slots=True)
class ColumnBuilder:
    """The rows of files, in the order of the files.

    Attributes:
        rows: The values of each row, by column.
        counts: The files, each with the number of rows up to its end.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    ends: list[tuple[LandedFile, int]] = field(default_factory=list)

    def add(self, row: dict[str, Any]) -> None:
        """Add a row of the current file."""
        self.rows.append(row)

    def end_file(self, file: LandedFile) -> None:
        """End the current file."""
        self.ends.append((file, len(self.rows)))

    def to_table(self, plan: ReadingPlan, *, with_metadata: bool) -> pa.Table:
        """The rows as a table with the columns of the plan, and with ``_metadata`` if it is asked for.

        Raises:
            NeedsSparkError: A folder has a value that is not certain to be read as Spark reads it.
        """
        schema = result_schema(plan)
        partitions = set(plan.state.partitions.names)
        columns = [
            self._partition(column) if column.name in partitions else self._column(column) for column in schema.fields
        ]
        names = list(schema.names)
        if with_metadata:
            columns.append(pa.array(self._per_row(map(_metadata, self._files())), METADATA_TYPE))
            names.append(METADATA)
        return pa.table(columns, names=names)

    def _column(self, column: StructField) -> pa.Array:
        values = [row[column.name] for row in self.rows]
        try:
            return pa.array(values, arrow_type(column.dataType))
        except (pa.ArrowException, UnicodeEncodeError) as error:
            raise NeedsSparkError(f"the column {column.name} has a value that Arrow does not hold: {error}") from error

    def _partition(self, column: StructField) -> pa.Array:
        values = (partition_value(file.uri, column.name, column.dataType) for file in self._files())
        return pa.array(self._per_row(values), arrow_type(column.dataType))

    def _files(self) -> list[LandedFile]:
        return [file for file, _ in self.ends]

    def _per_row(self, values: Iterable[Any]) -> list[Any]:
        """One value for each row, from one value for each file."""
        repeated: list[Any] = []
        for value, (_, end) in zip(values, self.ends, strict=True):
            repeated += [value] * (end - len(repeated))
        return repeated


def result_schema(plan: ReadingPlan) -> StructType:
    """The columns of the result, without ``_metadata``."""
    kinds = {column.name: column.dataType for column in (*plan.columns.fields, *plan.state.partitions.fields)}
    return StructType([StructField(name, kinds.get(name, StringType())) for name in plan.names])


def partition_value(uri: str, name: str, kind: DataType) -> Any:
    """The value of a Hive-style folder in the path of a file.

    Raises:
        NeedsSparkError: It is not certain how Spark reads it.
    """
    folders = unquote(uri).split("/")[:-1]
    texts = [folder.partition("=")[2] for folder in folders if folder.startswith(f"{name}=")]
    text = texts[-1] if texts else ""
    value = unquote(text) if _ESCAPES.fullmatch(text) else text
    if value in _NO_PARTITION:
        return None
    if isinstance(kind, StringType) and value.isascii():
        return value
    if isinstance(kind, (IntegerType, LongType)) and _DIGITS.fullmatch(value):
        return int(value)
    raise NeedsSparkError(f"a folder has the value {value!r}")


def _metadata(file: LandedFile) -> dict[str, Any]:
    return {
        "file_path": file.uri,
        "file_name": file.uri.rpartition("/")[2],
        "file_size": file.size,
        "file_block_start": 0,
        "file_block_length": file.size,
        "file_modification_time": file.modified // 1_000_000 * 1000,
    }
