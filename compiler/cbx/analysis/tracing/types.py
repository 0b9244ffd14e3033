"""Spark's types, spelled as Databricks spells them and as `cbx.parse.databricks_sql.types.normal_type` would."""

from __future__ import annotations

from pyspark.sql import types

from cbx.spark_spelling import quote_if_needed

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


def sql_type(kind: types.DataType) -> str | None:
    """A type in SQL; None if SQL has no name for it, or the name is not certain."""
    match kind:
        case types.StringType() if kind.collation != "UTF8_BINARY":
            return f"STRING COLLATE {kind.collation}"
        case types.DecimalType():
            return f"DECIMAL({kind.precision}, {kind.scale})"
        case types.ArrayType():
            element = sql_type(kind.elementType)
            return f"ARRAY<{element}>" if element else None
        case types.MapType():
            key, value = sql_type(kind.keyType), sql_type(kind.valueType)
            return f"MAP<{key}, {value}>" if key and value else None
        case types.StructType():
            fields = [(field.name, sql_type(field.dataType)) for field in kind.fields]
            inside = ", ".join(f"{quote_if_needed(name)}: {inner}" for name, inner in fields)
            return f"STRUCT<{inside}>" if all(inner for _, inner in fields) else None
        case _:
            return _NAMES.get(type(kind))
