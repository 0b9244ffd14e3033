"""The types of columns in a contract: its logical types, and those of Spark beside them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from open_data_contract_standard.model import SchemaProperty
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cbx.parse.databricks_sql.types import normal_type

_LOGICAL: Final = {
    "array": exp.DataType.ARRAY_TYPES,
    "boolean": {exp.DType.BOOLEAN},
    "date": {exp.DType.DATE},
    "integer": exp.DataType.INTEGER_TYPES,
    "number": exp.DataType.REAL_TYPES,
    "object": {*exp.DataType.STRUCT_TYPES, exp.DType.MAP, exp.DType.VARIANT, exp.DType.OBJECT},
    "timestamp": {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPLTZ},
}
_SPARK: Final = {
    "boolean": "BOOLEAN",
    "date": "DATE",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "string": "STRING",
    "time": "STRING",
    "timestamp": "TIMESTAMP",
}


def describe_type(column: SchemaProperty, text: str) -> None:
    """Set the type of a column of a contract, with those of its fields and elements.

    Args:
        column: The column.
        text: Its type in Databricks SQL, such as ``STRUCT<a: INT>``.
    """
    parsed = _parse_type(text, "databricks")
    if parsed is not None:
        _describe(column, parsed)
    column.physicalType = text


def spark_type(column: SchemaProperty, dialect: str) -> str | None:
    """The type of a column in Databricks SQL; None if the contract does not tell.

    The physical type wins, as the platform of the contract's server spells it.

    Args:
        column: The column.
        dialect: The type of the contract's server, such as ``postgres``.
    """
    if column.logicalType == "object" and column.properties:
        fields = [(field.name or "", spark_type(field, dialect)) for field in column.properties]
        return f"STRUCT<{_fields(fields)}>" if all(kind for _, kind in fields) else None
    if column.logicalType == "array" and column.items is not None:
        element = spark_type(column.items, dialect)
        return f"ARRAY<{element}>" if element else None
    written = column.physicalType or ""
    parsed = _parse_type(written, dialect) or _parse_type(written, "databricks")
    if parsed is not None and parsed.this != exp.DType.TIME and normal_type(parsed.sql("databricks")) is not None:
        return parsed.sql("databricks")
    return _SPARK.get(column.logicalType or "")


def _fields(fields: Iterable[tuple[str, str | None]]) -> str:
    return ", ".join(f"{exp.to_identifier(name).sql('databricks')}: {kind}" for name, kind in fields)


def _parse_type(text: str, dialect: str) -> exp.DataType | None:
    try:
        parsed = exp.DataType.build(text, dialect=dialect)
    except (SqlglotError, ValueError):
        return None
    return None if parsed.this in {exp.DType.USERDEFINED, exp.DType.UNKNOWN} else parsed


def _describe(column: SchemaProperty, parsed: exp.DataType) -> None:
    column.logicalType = next((name for name, kinds in _LOGICAL.items() if parsed.this in kinds), "string")
    column.physicalType = parsed.sql("databricks")
    inner = [part for part in parsed.expressions if isinstance(part, (exp.DataType, exp.ColumnDef))]
    if column.logicalType == "array" and inner:
        column.items = SchemaProperty()
        _describe(column.items, _kind(inner[0]))
    elif parsed.this in exp.DataType.STRUCT_TYPES:
        column.properties = [_describe_field(field) for field in inner]


def _describe_field(field: exp.DataType | exp.ColumnDef) -> SchemaProperty:
    described = SchemaProperty(name=field.name)
    _describe(described, _kind(field))
    return described


def _kind(field: exp.DataType | exp.ColumnDef) -> exp.DataType:
    kind = field.args["kind"] if isinstance(field, exp.ColumnDef) else field
    assert isinstance(kind, exp.DataType)  # noqa: S101 - sqlglot gives every field of a type its type
    return kind
