"""Divides the state of a target into buckets, so that a merge reads and writes only those that its changes touch.

A bucket has all events of its keys: those whose hash gives its number, which is the same in Spark and in Sail. A
truncate has no key; it has a bucket of its own, since a later change of any key may be older than it.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses
from pyspark.sql.types import (
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from cbx.runtime.auto_cdc.columns import HIDDEN, column, find_name

BUCKET: Final = HIDDEN + "bucket"
"""The column with the number of the bucket, which is not stored."""
_HASHED: Final = (
    BinaryType,
    BooleanType,
    ByteType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    ShortType,
    TimestampNTZType,
    TimestampType,
)
"""The types whose equal values have equal hashes, which both engines compute alike. Texts are added below, since those
with a collation may be equal though their characters differ; and -0.0 is equal to 0.0."""


def can_be_divided(keys: Iterable[str], columns: StructType) -> bool:
    """Return whether the values of all keys have a hash."""
    return all(_is_hashed(columns[name].dataType) for name in _find_keys(keys, columns))


def bucket_of_key(keys: Iterable[str], columns: StructType, count: int) -> Column:
    """Return the number of the bucket of a row, from 0 on.

    Args:
        keys: The key columns, in any order and case.
        columns: The columns of the rows.
        count: How many buckets there are.
    """
    values = [
        column(name).cast("string") if isinstance(columns[name].dataType, DecimalType) else column(name)
        for name in _find_keys(keys, columns)
    ]
    return F.pmod(F.hash(*values), F.lit(count))


def read_buckets(numbers: DataFrame) -> frozenset[int]:
    """Return the numbers in the only column of some rows."""
    return frozenset(int(row[0]) for row in numbers.distinct().collect())


def names_of_key(keys: Iterable[str]) -> Sequence[str]:
    """Return the names of key columns in the order in which they are hashed, whatever order a flow names them in."""
    return sorted(key.casefold() for key in keys)


def _find_keys(keys: Iterable[str], columns: StructType) -> Collection[str]:
    return [name for key in names_of_key(keys) if (name := find_name(key, columns.names)) is not None]


def _is_hashed(data_type: DataType) -> bool:
    if isinstance(data_type, StringType):
        return data_type.simpleString() == "string"
    return isinstance(data_type, _HASHED)
