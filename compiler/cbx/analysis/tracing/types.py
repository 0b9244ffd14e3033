"""Spark's types, spelled as Databricks spells them and as `cbx.parse.types.normal_type` would."""

from __future__ import annotations

import re

from pyspark.sql import types

_NAMES = {
    types.BinaryType: "BINARY",
    types.BooleanType: "BOOLEAN",
    types.ByteType: "TINYINT",
    types.DateType: "DATE",
    types.DoubleType: "DOUBLE",
    types.FloatType: "FLOAT",
    types.IntegerType: "INT",
    types.LongType: "BIGINT",
    types.ShortType: "SMALLINT",
    types.StringType: "STRING",
    types.CharType: "STRING",
    types.VarcharType: "STRING",
    types.TimestampNTZType: "TIMESTAMP_NTZ",
    types.TimestampType: "TIMESTAMP",
    types.VariantType: "VARIANT",
}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


def spelled(kind: types.DataType) -> str | None:
    """A type; None for one that has no name in SQL, or none that is sure."""
    match kind:
        case types.StringType() if kind.collation != "UTF8_BINARY":
            return f"STRING COLLATE {kind.collation}"
        case types.DecimalType():
            return f"DECIMAL({kind.precision}, {kind.scale})"
        case types.ArrayType():
            element = spelled(kind.elementType)
            return f"ARRAY<{element}>" if element else None
        case types.MapType():
            key, value = spelled(kind.keyType), spelled(kind.valueType)
            return f"MAP<{key}, {value}>" if key and value else None
        case types.StructType():
            fields = [(field.name, spelled(field.dataType)) for field in kind.fields]
            inside = ", ".join(f"{quoted(name)}: {inner}" for name, inner in fields)
            return f"STRUCT<{inside}>" if all(inner for _, inner in fields) else None
        case _:
            return _NAMES.get(type(kind))


def quoted(name: str) -> str:
    """A name as DDL takes it."""
    return name if _PLAIN.fullmatch(name) else "`{}`".format(name.replace("`", "``"))
