"""The columns of ``schema=``: DDL text, or a ``StructType`` that the code builds."""

from __future__ import annotations

from typing import Any, Final

from cbx.importing.definitions import TableSettings, UnreadableArgumentError
from cbx.importing.evaluation.values import LibraryCall, LibraryName
from cbx.importing.sql.column_settings import settings_of_columns
from cbx.runtime.errors import RunError
from cbx.runtime.sql.tokens import read_words
from cbx.spark_spelling import quote_if_needed

_TYPES: Final = "pyspark.sql.types."
_SIMPLE: Final = {
    "BinaryType": "BINARY",
    "BooleanType": "BOOLEAN",
    "ByteType": "TINYINT",
    "DateType": "DATE",
    "DoubleType": "DOUBLE",
    "FloatType": "FLOAT",
    "IntegerType": "INT",
    "LongType": "BIGINT",
    "ShortType": "SMALLINT",
    "StringType": "STRING",
    "TimestampNTZType": "TIMESTAMP_NTZ",
    "TimestampType": "TIMESTAMP",
}
_NOT_READ: Final = "the schema is not known without running the notebook"


def schema_text(value: Any) -> str:
    """A schema as DDL text.

    Raises:
        UnreadableArgumentError: If it is not known.
    """
    if isinstance(value, str):
        return value
    fields = _fields(value)
    return ", ".join(
        f"{quote_if_needed(name)} {_type(kind)}{'' if nullable else ' NOT NULL'}" for name, kind, nullable in fields
    )


def _fields(value: Any) -> list[tuple[str, Any, bool]]:
    """The names, types and nullability of the fields of a ``StructType``, built at once or with ``add``."""
    if not isinstance(value, LibraryCall):
        raise UnreadableArgumentError(_NOT_READ)
    if value.name == "add" and value.on is not None:
        return [*_fields(value.on), _field(value.arguments, dict(value.keywords))]
    if value.name != f"{_TYPES}StructType":
        raise UnreadableArgumentError(_NOT_READ)
    fields = value.arguments[0] if value.arguments else dict(value.keywords).get("fields", [])
    if not isinstance(fields, (list, tuple)):
        raise UnreadableArgumentError(_NOT_READ)
    return [_struct_field(field) for field in fields]


def _struct_field(value: Any) -> tuple[str, Any, bool]:
    if not isinstance(value, LibraryCall) or value.name != f"{_TYPES}StructField":
        raise UnreadableArgumentError(_NOT_READ)
    return _field(value.arguments, dict(value.keywords))


def _field(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[str, Any, bool]:
    names = ("name", "dataType", "nullable")
    values = {**dict(zip(names, arguments, strict=False)), **keywords}
    if "field" in values:
        values["name"] = values["field"]
    if "data_type" in values:
        values["dataType"] = values["data_type"]
    if not isinstance(values.get("name"), str):
        raise UnreadableArgumentError(_NOT_READ)
    return values["name"], values.get("dataType"), values.get("nullable", True) is not False


def _type(value: Any) -> str:
    if isinstance(value, str):
        return value.upper()
    name = value.name.removeprefix(_TYPES) if isinstance(value, (LibraryCall, LibraryName)) else ""
    if name in _SIMPLE:
        return _SIMPLE[name]
    if not isinstance(value, LibraryCall):
        raise UnreadableArgumentError(_NOT_READ)
    arguments = (*value.arguments, *(item for _, item in value.keywords))
    if name == "DecimalType":
        return f"DECIMAL({', '.join(map(str, arguments)) or '10, 0'})"
    if name == "ArrayType" and arguments:
        return f"ARRAY<{_type(arguments[0])}>"
    if name == "MapType" and len(arguments) > 1:
        return f"MAP<{_type(arguments[0])}, {_type(arguments[1])}>"
    fields = ", ".join(f"{quote_if_needed(field)}: {_type(kind)}" for field, kind, _ in _fields(value))
    return f"STRUCT<{fields}>"


def read_schema(value: Any) -> TableSettings:
    """The columns and the primary key of a schema.

    Raises:
        UnreadableArgumentError: If it is not known, or not valid.
    """
    try:
        return settings_of_columns(read_words(schema_text(value)))
    except RunError as error:
        raise UnreadableArgumentError(f"its schema is not valid: {error.diagnostic.message}") from None
