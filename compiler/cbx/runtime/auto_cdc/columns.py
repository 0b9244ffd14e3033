"""Names and comparison of columns, for all characters and types."""

from collections.abc import Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses
from pyspark.sql.types import (
    ArrayType,
    CalendarIntervalType,
    DataType,
    MapType,
    StructType,
    VariantType,
)

from cbx.runtime.exact_json import exact_json
from cbx.spark_spelling import quote

HIDDEN = "__cbx_"
START_AT = "__START_AT"
END_AT = "__END_AT"


def column(*path: str) -> Column:
    """Return the column, or the field of a struct column, with exactly these names."""
    return F.col(".".join(map(quote, path)))


def find_name(name: str, columns: Iterable[str]) -> str | None:
    """Return the spelling of `name` among the columns; Spark compares names case-insensitively."""
    return next((candidate for candidate in columns if candidate.casefold() == name.casefold()), None)


def with_columns(rows: DataFrame, columns: dict[str, Column]) -> DataFrame:
    """Return the rows with more columns; Spark Connect does not accept an empty list of them."""
    return rows.withColumns(columns) if columns else rows


def comparable_value(value: Column, data_type: DataType) -> Column:
    """Return a value with an order and an equality for `value`, which may be a map or a variant."""
    if is_orderable(data_type):
        return value
    if isinstance(data_type, MapType) and is_orderable(data_type.valueType):
        return F.array_sort(F.map_entries(value))
    return F.when(value.isNotNull(), exact_json(value.alias("value")))


def is_orderable(data_type: DataType) -> bool:
    """Return whether Spark can compare two values of this type."""
    if isinstance(data_type, StructType):
        return all(is_orderable(field.dataType) for field in data_type)
    if isinstance(data_type, ArrayType):
        return is_orderable(data_type.elementType)
    return not isinstance(data_type, MapType | VariantType | CalendarIntervalType)
