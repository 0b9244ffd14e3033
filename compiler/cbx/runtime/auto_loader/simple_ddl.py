"""Reads columns such as ``id BIGINT, items ARRAY<STRUCT<price: DECIMAL(10, 2)>>`` without Spark's parser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from cbx.parse.databricks_sql.types import parts_of_type

_LEAVES: Final[Mapping[str, DataType]] = {
    "BOOLEAN": BooleanType(),
    "TINYINT": ByteType(),
    "SMALLINT": ShortType(),
    "INT": IntegerType(),
    "BIGINT": LongType(),
    "FLOAT": FloatType(),
    "DOUBLE": DoubleType(),
    "STRING": StringType(),
    "DATE": DateType(),
    "TIMESTAMP": TimestampType(),
    "BINARY": BinaryType(),
}
_DECIMAL: Final = re.compile(r"DECIMAL\(([0-9]+), ([0-9]+)\)")
_MASKED: Final = re.compile(r"`(?:``|[^`])*`|\([0-9,\s]*\)")
"""Names in backticks, and sizes."""
_UNUSUAL: Final = re.compile(r"\bNOT\s+NULL\b|['\"]|CHAR(?:ACTER)?\s*\(|\b[0-9]|[^\x00-\x7f]", re.IGNORECASE)
"""NOT NULL, comments and the lengths of texts, which ``parts_of_type`` leaves out; and names that need backticks."""


class _UnusualError(Exception):
    """The text is not simple."""


def read_simple_ddl(text: str) -> StructType | None:
    """Read columns.

    Returns:
        None if they have anything but names and plain types, or are invalid; then Spark decides.
    """
    if _UNUSUAL.search(_MASKED.sub("()", text)):
        return None
    try:
        return _struct(f"STRUCT<{text}>")
    except _UnusualError:
        return None


def _struct(written: str) -> StructType:
    parts = parts_of_type(written, "STRUCT")
    if not parts:
        raise _UnusualError
    return StructType([StructField(name, _type(kind)) for name, kind in parts])


def _type(written: str) -> DataType:
    """A type as ``parts_of_type`` spells it."""
    if written.startswith("STRUCT<"):
        return _struct(written)
    inner = [_type(kind) for _, kind in parts_of_type(written, "ARRAY") or parts_of_type(written, "MAP") or ()]
    if inner:
        return ArrayType(inner[0]) if len(inner) == 1 else MapType(inner[0], inner[1])
    decimal = _DECIMAL.fullmatch(written)
    if decimal:
        return DecimalType(int(decimal[1]), int(decimal[2]))
    if written not in _LEAVES:
        raise _UnusualError
    return _LEAVES[written]
