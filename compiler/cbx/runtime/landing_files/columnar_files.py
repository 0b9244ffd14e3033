"""Reads Parquet and ORC landing files: their columns, and their rows.

A file is read here if each of its columns has the type of the column of the table. Spark reads the others: they have
values to be cast or rescued.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.types as kinds  # type: ignore[import-untyped]
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import StructField, StructType

from cbx.runtime.auto_loader.listing import local_path
from cbx.runtime.auto_loader.schemas import find, make_nullable
from cbx.runtime.landing_files.arrow_types import arrow_type
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.nested_types import join_types

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.reading_plan import ReadingPlan
    from cbx.runtime.landing_files.rows import TableBuilder

_SPARK_COLUMNS: Final = b"org.apache.spark.sql.parquet.row.metadata"
_PLAIN: Final = (
    kinds.is_boolean,
    kinds.is_int8,
    kinds.is_int16,
    kinds.is_int32,
    kinds.is_int64,
    kinds.is_float32,
    kinds.is_float64,
    kinds.is_decimal128,
    kinds.is_string,
    kinds.is_binary,
    kinds.is_date32,
)
_HIVE_NAME: Final = re.compile(r"_col[0-9]+")
_FIRST_DAY: Final = dt.date(1900, 1, 1)
"""Files may have older days in another calendar."""


def infer_columns(file_format: str, files: tuple[LandedFile, ...]) -> StructType:
    """The columns of all files, in the order of the files.

    Raises:
        NeedsSparkError: It is not certain how Spark merges them.
    """
    merged = StructType([])
    for file in files:
        joined = join_types(merged, _columns(file, _open(file_format, file).schema), _same_type)
        if not isinstance(joined, StructType):
            raise NeedsSparkError("files have columns of one name with different types")
        merged = joined
    return merged


def read_columnar(plan: ReadingPlan, files: tuple[LandedFile, ...], rows: TableBuilder) -> None:
    """Add the rows of Parquet or ORC files.

    Raises:
        NeedsSparkError: A file has other columns than the table, or values that Spark may read otherwise.
    """
    for file in files:
        reader = _open(plan.options.file_format, file)
        columns = _columns(file, reader.schema)
        for field in columns.fields:
            wanted = find(plan.columns, field.name, is_case_sensitive=True)
            if wanted is None or wanted.dataType.simpleString() != field.dataType.simpleString():
                raise NeedsSparkError(f"{file.path} has a column `{field.name}` that is no column of the table")
        try:
            table = reader.read()
            table.validate(full=True)
            arrays = {field.name: table[field.name].cast(arrow_type(field.dataType)) for field in columns.fields}
        except (pa.ArrowException, OSError) as error:
            raise NeedsSparkError(f"{file.path} cannot be read: {error}") from error
        for array in arrays.values():
            _check_days(array)
        rows.add_file(file, arrays, table.num_rows)


class _OpenFile:
    """An open file with its columns in Arrow's types."""

    def __init__(self, file: Any, schema: pa.Schema) -> None:
        self.schema = schema
        self.read = file.read


def _open(file_format: str, file: LandedFile) -> _OpenFile:
    path = local_path(file.uri)
    if path is None:
        raise NeedsSparkError(f"{file.path} is on another file system")
    try:
        if file_format == "orc":
            from pyarrow import orc

            opened = orc.ORCFile(path)
            return _OpenFile(opened, opened.schema)
        from pyarrow import parquet

        opened = parquet.ParquetFile(path)
        return _OpenFile(opened, opened.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        raise NeedsSparkError(f"{file.path} cannot be read: {error}") from error


def _columns(file: LandedFile, schema: pa.Schema) -> StructType:
    """The columns of a file as Spark reads them.

    Raises:
        NeedsSparkError: It is not certain which they are.
    """
    if len({name.lower() for name in schema.names}) < len(schema.names):
        raise NeedsSparkError(f"{file.path} has columns whose names differ in case")
    if schema.names and all(map(_HIVE_NAME.fullmatch, schema.names)):
        raise NeedsSparkError(f"{file.path} has columns without names")
    for field in schema:
        _check_type(file, field.type)
    columns = make_nullable(StructType([StructField(field.name, from_arrow_type(field.type)) for field in schema]))
    given = (schema.metadata or {}).get(_SPARK_COLUMNS)
    if (
        given is not None
        and make_nullable(StructType.fromJson(json.loads(given))).simpleString() != columns.simpleString()
    ):
        raise NeedsSparkError(f"{file.path} has columns with types of Spark's own")
    return columns


def _check_type(file: LandedFile, kind: pa.DataType) -> None:
    """Refuse a type that Spark may read as another one."""
    if kinds.is_struct(kind) or kinds.is_list(kind) or kinds.is_map(kind):
        for number in range(kind.num_fields):
            _check_type(file, kind.field(number).type)
    elif kind != pa.timestamp("us", tz="UTC") and not any(is_kind(kind) for is_kind in _PLAIN):
        raise NeedsSparkError(f"{file.path} has values of the type {kind}")


def _same_type(known: DataType, incoming: DataType) -> DataType | None:
    return known if known.simpleString() == incoming.simpleString() else None


def _check_days(values: pa.ChunkedArray) -> None:
    """Refuse old days, also inside of structs and lists."""
    kind = values.type
    if kinds.is_struct(kind):
        for number in range(kind.num_fields):
            _check_days(pc.struct_field(values, [number]))
    elif kinds.is_list(kind):
        _check_days(pc.list_flatten(values))
    elif kinds.is_map(kind):
        _check_days(pa.chunked_array([chunk.items for chunk in values.chunks], kind.item_type))
    elif kinds.is_date(kind) or kinds.is_timestamp(kind):
        first = pc.min(values.cast(pa.date32())).as_py()
        if first is not None and first < _FIRST_DAY:
            raise NeedsSparkError(f"a file has the day {first}")
