"""Structs in tables of Arrow: different fields in files of one table, and structs that are NULL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.types as kinds  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Sequence


def unify_schemas(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The columns of several files: those of the first, then new ones of the others; so for fields of structs."""
    whole = pa.struct(list(schemas[0]))
    for schema in schemas[1:]:
        whole = _unify(whole, pa.struct(list(schema)))
    return pa.schema(list(whole))


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A file's rows with these columns; missing columns and fields are NULL."""
    rows = _conform(table.to_struct_array().combine_chunks(), pa.struct(list(schema)))
    return pa.Table.from_arrays(rows.flatten(), schema=schema)


def clear_null_structs(table: pa.Table) -> pa.Table:
    """The same rows, in which the fields of a struct that is NULL are NULL; Arrow fills them with zeros."""
    if not any(map(_has_struct, table.schema.types)):
        return table
    columns = [
        pa.chunked_array(list(map(clear_null_fields, column.chunks)), column.type)
        if _has_struct(column.type)
        else column
        for column in table.columns
    ]
    return pa.Table.from_arrays(list(columns), schema=table.schema)


def clear_null_fields(values: pa.Array) -> pa.Array:
    """The same for one array."""
    kind = values.type
    if not _has_struct(kind):
        return values
    if kinds.is_struct(kind):
        parts = list(map(clear_null_fields, values.flatten()))
        return pa.StructArray.from_arrays(parts, fields=list(kind), mask=values.is_null())
    if kinds.is_list(kind):
        elements = clear_null_fields(values.values)
        return pa.ListArray.from_arrays(values.offsets, elements, type=kind, mask=values.is_null())
    keys, items = clear_null_fields(values.keys), clear_null_fields(values.items)
    return pa.MapArray.from_arrays(values.offsets, keys, items, type=kind, mask=values.is_null())


def _has_struct(kind: pa.DataType) -> bool:
    if kinds.is_struct(kind):
        return True
    if kinds.is_list(kind):
        return _has_struct(kind.value_type)
    return kinds.is_map(kind) and (_has_struct(kind.key_type) or _has_struct(kind.item_type))


def _unify(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    if kinds.is_struct(first) and kinds.is_struct(second):
        fields = []
        for field in first:
            more = _field(second, field.name)
            fields.append(pa.field(field.name, field.type if more is None else _unify(field.type, more.type)))
        return pa.struct([*fields, *(field for field in second if _field(first, field.name) is None)])
    if kinds.is_list(first) and kinds.is_list(second):
        return pa.list_(_unify(first.value_type, second.value_type))
    if kinds.is_map(first) and kinds.is_map(second):
        return pa.map_(_unify(first.key_type, second.key_type), _unify(first.item_type, second.item_type))
    both = [pa.schema([("c", first)]), pa.schema([("c", second)])]
    return pa.unify_schemas(both, promote_options="permissive").field(0).type


def _field(struct: pa.StructType, name: str) -> pa.Field | None:
    return next((field for field in struct if field.name.lower() == name.lower()), None)


def _conform(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if values.type == kind:
        return values
    if kinds.is_struct(kind) and kinds.is_struct(values.type):
        parts = []
        for field in kind:
            match = _field(values.type, field.name)
            part = pa.nulls(len(values), field.type) if match is None else pc.struct_field(values, [match.name])
            parts.append(_conform(part, field.type))
        return pa.StructArray.from_arrays(parts, fields=list(kind), mask=values.is_null())
    if kinds.is_list(kind) and kinds.is_list(values.type):
        elements = _conform(values.values, kind.value_type)
        return pa.ListArray.from_arrays(values.offsets, elements, type=kind, mask=values.is_null())
    if kinds.is_map(kind) and kinds.is_map(values.type):
        keys, items = _conform(values.keys, kind.key_type), _conform(values.items, kind.item_type)
        return pa.MapArray.from_arrays(values.offsets, keys, items, type=kind, mask=values.is_null())
    return values.cast(kind)
