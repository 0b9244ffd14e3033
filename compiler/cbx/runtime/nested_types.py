"""Schema evolution of structs: the common type of old and new values, and casts that match fields by name.

A struct may get new fields in a column, an array or a map; older values have NULL in them. Fields are matched by name,
in any order and case, as Delta does. Spark's cast and union match them by position.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation
from pyspark.sql.types import ArrayType, DataType, MapType, NullType, StructField, StructType

if TYPE_CHECKING:
    from pyspark.sql import Column


def find_field(struct: StructType, name: str) -> StructField | None:
    """The field of that name, in any case."""
    return next((field for field in struct.fields if field.name.lower() == name.lower()), None)


def widen(known: DataType, incoming: DataType) -> DataType | None:
    """The type of values of both types, with new fields at the end of structs.

    Args:
        known: The type of the column.
        incoming: The type of new values.

    Returns:
        None if the two differ in more than fields.
    """
    return join_types(known, incoming, _same_type)


def _same_type(known: DataType, incoming: DataType) -> DataType | None:
    if isinstance(incoming, NullType):
        return known
    if isinstance(known, NullType):
        return incoming
    return known if known.simpleString() == incoming.simpleString() else None


def join_types(
    known: DataType, incoming: DataType, join_leaves: Callable[[DataType, DataType], DataType | None]
) -> DataType | None:
    """Join two types: structs, arrays and maps part by part, all others with ``join_leaves``.

    Returns:
        None if any two parts cannot be joined.
    """
    if isinstance(known, StructType) and isinstance(incoming, StructType):
        fields = []
        for field in known.fields:
            other = find_field(incoming, field.name)
            kind = field.dataType if other is None else join_types(field.dataType, other.dataType, join_leaves)
            if kind is None:
                return None
            fields.append(StructField(field.name, kind))
        return StructType([*fields, *(field for field in incoming.fields if find_field(known, field.name) is None)])
    if isinstance(known, ArrayType) and isinstance(incoming, ArrayType):
        element = join_types(known.elementType, incoming.elementType, join_leaves)
        return None if element is None else ArrayType(element)
    if isinstance(known, MapType) and isinstance(incoming, MapType):
        key = join_types(known.keyType, incoming.keyType, join_leaves)
        value = join_types(known.valueType, incoming.valueType, join_leaves)
        return None if key is None or value is None else MapType(key, value)
    return join_leaves(known, incoming)


def fit(value: Column, source: DataType, target: DataType) -> Column:
    """Cast a value, matching the fields of structs by name.

    Fields that the target lacks are removed, fields that the source lacks are NULL, and other types are cast by Spark.

    Args:
        value: The value.
        source: Its type.
        target: The target type.
    """
    if source.simpleString() == target.simpleString():
        return value
    if isinstance(source, StructType) and isinstance(target, StructType):
        fields = []
        for field in target.fields:
            match = find_field(source, field.name)
            part = F.lit(None) if match is None else fit(value.getField(match.name), match.dataType, field.dataType)
            fields.append(part.cast(field.dataType).alias(field.name))
        return F.when(value.isNotNull(), F.struct(*fields)) if fields else value.cast(target)
    if isinstance(source, ArrayType) and isinstance(target, ArrayType) and _has_struct(source):
        return F.transform(value, lambda element: fit(element, source.elementType, target.elementType))
    if isinstance(source, MapType) and isinstance(target, MapType) and _has_struct(source):
        keys = F.transform_keys(value, lambda key, _: fit(key, source.keyType, target.keyType))
        return F.transform_values(keys, lambda _, inner: fit(inner, source.valueType, target.valueType))
    return value.cast(target)


def unknown_fields(source: DataType, target: DataType, path: str) -> list[str]:
    """The paths of struct fields that one type has and another lacks."""
    if isinstance(source, StructType) and isinstance(target, StructType):
        paths = []
        for field in source.fields:
            match = find_field(target, field.name)
            below = f"{path}.{field.name}"
            paths += [below] if match is None else unknown_fields(field.dataType, match.dataType, below)
        return paths
    if isinstance(source, ArrayType) and isinstance(target, ArrayType):
        return unknown_fields(source.elementType, target.elementType, f"{path}.element")
    if isinstance(source, MapType) and isinstance(target, MapType):
        keys = unknown_fields(source.keyType, target.keyType, f"{path}.key")
        return [*keys, *unknown_fields(source.valueType, target.valueType, f"{path}.value")]
    return []


def _has_struct(kind: DataType) -> bool:
    if isinstance(kind, ArrayType):
        return _has_struct(kind.elementType)
    if isinstance(kind, MapType):
        return _has_struct(kind.keyType) or _has_struct(kind.valueType)
    return isinstance(kind, StructType)
