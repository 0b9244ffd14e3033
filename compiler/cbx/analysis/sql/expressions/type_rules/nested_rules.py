"""Types of arrays, maps, structs and lambda functions."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.sql.expressions.type_rules.type_reader import Rule, TypeReader, arguments_of, literal_text
from cbx.analysis.types.type_rules import (
    VOID,
    array_of,
    common_type,
    element_of,
    field_type,
    fields_of,
    key_of,
    map_of,
    members_of,
    struct_of,
    tightest_type,
    value_of,
)


def _array_type(node: exp.Expr, types: TypeReader) -> str | None:
    return array_of(common_type(types.read_all(node)))


def _array_of_first_type(node: exp.Expr, types: TypeReader) -> str | None:
    return array_of(types.read_first(node))


def _same_array_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    return kind if element_of(kind) else None


def _common_array_type(node: exp.Expr, types: TypeReader) -> str | None:
    """The type of ``array_union`` and similar functions of two arrays."""
    kinds = types.read_all(node)
    if len(kinds) != 2:
        return None
    arrays = [kind for kind in kinds if kind != VOID] or [None]
    return array_of(tightest_type(element_of(arrays[0]), element_of(arrays[-1])))


def _append_type(node: exp.Expr, types: TypeReader) -> str | None:
    """The type of an array function with an element as its second argument, such as ``array_append``."""
    return array_of(tightest_type(element_of(types.read_first(node)), types.read(node.expression)))


def _flattened_type(node: exp.Expr, types: TypeReader) -> str | None:
    inner = element_of(types.read_first(node))
    return inner if element_of(inner) else None


def _element_type(node: exp.Expr, types: TypeReader) -> str | None:
    return element_of(types.read_first(node))


def _member_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``element_at``: an element of an array or a value of a map."""
    kind = types.read_first(node)
    return element_of(kind) or value_of(kind)


def _subscript_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``a[1]`` of an array or a map, and ``s['field']`` of a struct."""
    if len(node.expressions) != 1:
        return None
    kind, key = types.read_first(node), literal_text(node.expressions[0])
    if key is not None and kind is not None and members_of(kind)[0] == "STRUCT":
        return field_type(kind, key)
    if key is not None and fields_of(element_of(kind) or ""):
        return field_type(kind, key)
    return "VARIANT" if kind == "VARIANT" else element_of(kind) or value_of(kind)


def _field_access_type(node: exp.Expr, types: TypeReader) -> str | None:
    return field_type(types.read(node.this), node.expression.name)


def _map_keys_type(node: exp.Expr, types: TypeReader) -> str | None:
    return array_of(key_of(types.read_first(node)))


def _map_values_type(node: exp.Expr, types: TypeReader) -> str | None:
    return array_of(value_of(types.read_first(node)))


def _map_entries_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    key, value = key_of(kind), value_of(kind)
    return array_of(struct_of([("key", key), ("value", value)]))


def _map_from_entries_type(node: exp.Expr, types: TypeReader) -> str | None:
    fields = fields_of(element_of(types.read_first(node)) or "")
    return map_of(fields[0][1], fields[1][1]) if len(fields) == 2 else None


def _map_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``map(k, v)`` and ``map_from_arrays``: sqlglot gives both the array of the keys and that of the values."""
    keys, values = (element_of(types.read(node.args[name])) for name in ("keys", "values"))
    return map_of(keys, values)


def _same_map_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    return kind if key_of(kind) else None


def _common_map_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = common_type(types.read_all(node))
    return kind if key_of(kind) else None


def _struct_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``struct(a, b AS c)`` and ``named_struct``."""
    fields = [_field_of(field, at, types) for at, field in enumerate(node.expressions, 1)]
    return struct_of(fields) if fields else None


def _field_of(field: exp.Expr, at: int, types: TypeReader) -> tuple[str, str | None]:
    match field:
        case exp.PropertyEQ():
            return field.name, types.read(field.expression)
        case exp.Alias():
            return field.alias, types.read(field.this)
        case exp.Column():
            return field.name, types.read(field)
        case exp.Dot(expression=exp.Identifier() as last):
            return last.name, types.read(field)
        case _:
            return f"col{at}", types.read(field)


def _transform_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``transform``: an array of what the lambda function returns."""
    element = element_of(types.read_first(node))
    return array_of(types.read_lambda(node.expression, element, "INT"))


def _reduce_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``aggregate``: the type of the start, or of what the last lambda function makes of it."""
    start = types.read(node.args.get("initial"))
    merged = types.read_lambda(node.args.get("merge"), start, element_of(types.read_first(node)))
    if start is None or merged != start:
        return None
    finish = node.args.get("finish")
    return types.read_lambda(finish, start) if finish is not None else start


def _zip_with_type(node: exp.Expr, types: TypeReader) -> str | None:
    if len(node.expressions) != 3:
        return None
    left, right, function = node.expressions
    return array_of(types.read_lambda(function, element_of(types.read(left)), element_of(types.read(right))))


def _transformed_keys_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    made = types.read_lambda(node.expressions[-1], key_of(kind), value_of(kind))
    return map_of(made, value_of(kind))


def _transformed_values_type(node: exp.Expr, types: TypeReader) -> str | None:
    kind = types.read_first(node)
    made = types.read_lambda(node.expressions[-1], key_of(kind), value_of(kind))
    return map_of(key_of(kind), made)


def _zipped_maps_type(node: exp.Expr, types: TypeReader) -> str | None:
    if len(node.expressions) != 3:
        return None
    left, right = types.read(node.expressions[0]), types.read(node.expressions[1])
    key = common_type([key_of(left), key_of(right)])
    return map_of(key, types.read_lambda(node.expressions[2], key, value_of(left), value_of(right)))


def _zipped_arrays_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``arrays_zip``: an array of structs whose fields are named after columns, or numbered."""
    arguments = list(arguments_of(node))
    names = [_zipped_name(argument, at) for at, argument in enumerate(arguments)]
    if any(name.startswith("#") for name in names):  # a column of a traced plan, which has a number for a name
        return None
    kinds = [element_of(types.read(argument)) for argument in arguments]
    return array_of(struct_of(zip(names, kinds, strict=True))) if arguments else None


def _zipped_name(node: exp.Expr, at: int) -> str:
    match node:
        case exp.Column():
            return node.name
        case exp.Dot(expression=exp.Identifier() as last):
            return str(last.name)
        case _:
            return str(at)


RULES: dict[str, Rule] = {
    "array": _array_type,
    "array of same": _array_of_first_type,
    "same array": _same_array_type,
    "common array": _common_array_type,
    "append": _append_type,
    "flattened": _flattened_type,
    "transform": _transform_type,
    "reduce": _reduce_type,
    "zip with": _zip_with_type,
    "zipped arrays": _zipped_arrays_type,
    "map": _map_type,
    "same map": _same_map_type,
    "common map": _common_map_type,
    "map entries": _map_entries_type,
    "map from entries": _map_from_entries_type,
    "transformed keys": _transformed_keys_type,
    "transformed values": _transformed_values_type,
    "zipped maps": _zipped_maps_type,
    "struct": _struct_type,
    "element": _element_type,
    "member": _member_type,
    "subscript": _subscript_type,
    "field access": _field_access_type,
    "keys": _map_keys_type,
    "values": _map_values_type,
}
