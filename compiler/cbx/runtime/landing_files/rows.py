"""Collects the rows of landing files as an Arrow table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql.types import DataType, IntegerType, LongType, StringType, StructField, StructType

from cbx.runtime.landing_files.arrow_types import arrow_type
from cbx.runtime.landing_files.errors import NeedsSparkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
_ROWS_OF_A_TABLE: Final = 50_000
_NO_PARTITION: Final = ("", "__HIVE_DEFAULT_PARTITION__")
_ESCAPES: Final = re.compile(r"(?:[^%]|%[0-9a-fA-F]{2})*")
_DIGITS: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)


class TableBuilder:
    """Builds the table of the rows of files, with the columns of a plan, and with ``_metadata`` if it is asked for."""

    def __init__(self, plan: ReadingPlan, *, with_metadata: bool) -> None:
        self._columns = result_schema(plan).fields
        self._partitions = frozenset(plan.state.partitions.names)
        self._with_metadata = with_metadata
        self._rows: list[dict[str, Any]] = []
        self._ends: list[tuple[LandedFile, int]] = []
        self._tables: list[pa.Table] = []

    def add(self, row: dict[str, Any]) -> None:
        """Add a row of the current file."""
        self._rows.append(row)

    def end_file(self, file: LandedFile) -> None:
        """End the current file.

        Raises:
            NeedsSparkError: A value is not certain to be read as Spark reads it.
        """
        self._ends.append((file, len(self._rows)))
        if len(self._rows) >= _ROWS_OF_A_TABLE:
            self._end_table()

    def add_file(self, file: LandedFile, columns: Mapping[str, pa.ChunkedArray], count: int) -> None:
        """Add a whole file.

        Args:
            file: The file.
            columns: Its columns; the others are NULL in all its rows.
            count: The number of its rows.
        """
        self._end_table()
        arrays = {column.name: self._column_of_file(column, file, columns, count) for column in self._columns}
        if self._with_metadata:
            arrays[METADATA] = pa.repeat(pa.scalar(_metadata(file), METADATA_TYPE), count)
        self._tables.append(pa.table(arrays))

    def _column_of_file(
        self, column: StructField, file: LandedFile, columns: Mapping[str, pa.ChunkedArray], count: int
    ) -> pa.ChunkedArray:
        if column.name in columns:
            return columns[column.name]
        kind = arrow_type(column.dataType)
        if column.name not in self._partitions:
            return pa.nulls(count, kind)
        return pa.repeat(pa.scalar(partition_value(file.uri, column.name, column.dataType), kind), count)

    def build(self) -> pa.Table:
        """The table of all rows; raises as ``end_file`` does."""
        if self._rows or not self._tables:
            self._end_table()
        return pa.concat_tables(self._tables)

    def _end_table(self) -> None:
        names = [column.name for column in self._columns]
        arrays = [self._array(column) for column in self._columns]
        if self._with_metadata:
            names.append(METADATA)
            arrays.append(pa.array(self._per_row(_metadata(file) for file, _ in self._ends), METADATA_TYPE))
        self._tables.append(pa.table(arrays, names=names))
        self._rows, self._ends = [], []

    def _array(self, column: StructField) -> pa.Array:
        if column.name in self._partitions:
            return self._partition(column)
        values = [row[column.name] for row in self._rows]
        try:
            return pa.array(values, arrow_type(column.dataType))
        except (pa.ArrowException, UnicodeEncodeError) as error:
            raise NeedsSparkError(f"the column {column.name} has a value that Arrow does not hold: {error}") from error

    def _partition(self, column: StructField) -> pa.Array:
        values = (partition_value(file.uri, column.name, column.dataType) for file, _ in self._ends)
        return pa.array(self._per_row(values), arrow_type(column.dataType))

    def _per_row(self, values: Iterable[Any]) -> list[Any]:
        """One value for each row, from one value for each file."""
        repeated: list[Any] = []
        for value, (_, end) in zip(values, self._ends, strict=True):
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
