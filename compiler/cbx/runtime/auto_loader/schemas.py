"""Operations on schemas: merging, applying hints, and comparing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pyspark.errors import PySparkException
from pyspark.sql.types import (
    ArrayType,
    ByteType,
    DataType,
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
)

from cbx.runtime.auto_loader.errors import AutoLoaderError
from cbx.runtime.auto_loader.simple_ddl import read_simple_ddl
from cbx.runtime.nested_types import join_types

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME: Final = re.compile(r"\s*((?:`[^`]+`|[^\s`.:]+)(?:\.(?:`[^`]+`|[^\s`.:]+))*)\s*:?\s+(.+)", re.DOTALL)
_PART: Final = re.compile(r"`([^`]+)`|([^.`]+)")
_HINTED: Final = "hinted"
"""The name of a column with the type of a hint."""
_NUMBERS: Final = {LongType(), DoubleType()}
_WIDENING: Final = (
    (ByteType(), ShortType(), IntegerType(), LongType()),
    (ByteType(), ShortType(), IntegerType(), DoubleType()),
    (FloatType(), DoubleType()),
)


def find(schema: StructType, name: str, *, is_case_sensitive: bool = False) -> StructField | None:
    """The field of that name."""
    if is_case_sensitive:
        return next((field for field in schema.fields if field.name == name), None)
    return next((field for field in schema.fields if field.name.lower() == name.lower()), None)


def merge(old: StructType, new: StructType, *, is_widening: bool = False) -> StructType:
    """Add new columns to the known ones; a known column keeps its type.

    Auto Loader adds columns at the end and never changes a type by itself: a value of another type is rescued
    (https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/schema).

    Args:
        old: The columns known so far.
        new: The columns inferred from further files.
        is_widening: Whether two leaf types become a type for both, as within one inference.
    """
    fields = [
        StructField(field.name, _merge(field.dataType, other.dataType, is_widening=is_widening))
        if (other := find(new, field.name))
        else field
        for field in old.fields
    ]
    return StructType([*fields, *(field for field in new.fields if find(old, field.name) is None)])


def _merge(old: DataType, new: DataType, *, is_widening: bool) -> DataType:
    if isinstance(old, StructType) and isinstance(new, StructType):
        return merge(old, new, is_widening=is_widening)
    if isinstance(old, ArrayType) and isinstance(new, ArrayType):
        return ArrayType(_merge(old.elementType, new.elementType, is_widening=is_widening))
    if isinstance(old, MapType) and isinstance(new, MapType):
        value = _merge(old.valueType, new.valueType, is_widening=is_widening)
        return MapType(_merge(old.keyType, new.keyType, is_widening=is_widening), value)
    if not is_widening or old == new:
        return old
    return DoubleType() if {old, new} == _NUMBERS else StringType()


def every_name(old: StructType, new: StructType) -> StructType:
    """Every field name of both, at every level and in every spelling."""
    fields = []
    for field in old.fields:
        other = find(new, field.name, is_case_sensitive=True)
        fields.append(StructField(field.name, _every_name(field.dataType, other.dataType)) if other else field)
    names = {field.name for field in old.fields}
    return StructType([*fields, *(field for field in new.fields if field.name not in names)])


def _every_name(old: DataType, new: DataType) -> DataType:
    if isinstance(old, StructType) and isinstance(new, StructType):
        return every_name(old, new)
    if isinstance(old, ArrayType) and isinstance(new, ArrayType):
        return ArrayType(_every_name(old.elementType, new.elementType))
    return new if isinstance(new, (StructType, ArrayType)) else old


def widens(narrow: DataType, wide: DataType) -> bool:
    """Whether a type fits every value of another; for structs, in the fields that it has."""
    if isinstance(narrow, StructType) and isinstance(wide, StructType):
        pairs = [(field, find(narrow, field.name)) for field in wide.fields]
        return all(other is None or widens(other.dataType, field.dataType) for field, other in pairs)
    if isinstance(narrow, ArrayType) and isinstance(wide, ArrayType):
        return widens(narrow.elementType, wide.elementType)
    if isinstance(narrow, MapType) and isinstance(wide, MapType):
        return widens(narrow.keyType, wide.keyType) and widens(narrow.valueType, wide.valueType)
    if isinstance(narrow, DecimalType) and isinstance(wide, DecimalType):
        whole = narrow.precision - narrow.scale <= wide.precision - wide.scale
        return whole and narrow.scale <= wide.scale
    return narrow == wide or any(narrow in row and wide in row[row.index(narrow) :] for row in _WIDENING)


def widest_schema(old: StructType, new: StructType) -> StructType | None:
    """The columns of both, with types that fit the values of both; None if there are no such types."""
    joined = join_types(old, new, _wider_type)
    return joined if isinstance(joined, StructType) else None


def _wider_type(old: DataType, new: DataType) -> DataType | None:
    return old if widens(new, old) else new if widens(old, new) else None


def covers(wanted: DataType, seen: DataType) -> bool:
    """Whether the wanted type has every field name of the files."""
    if isinstance(wanted, StructType) and isinstance(seen, StructType):
        return all(
            (place := find(wanted, field.name, is_case_sensitive=True)) is not None
            and covers(place.dataType, field.dataType)
            for field in seen.fields
        )
    if isinstance(wanted, ArrayType) and isinstance(seen, ArrayType):
        return covers(wanted.elementType, seen.elementType)
    if isinstance(wanted, MapType) and isinstance(seen, StructType):
        return all(covers(wanted.valueType, field.dataType) for field in seen.fields)
    return True


def complete_columns(columns: StructType, seen: StructType) -> list[str]:
    """The columns that have a place for every field name in the files."""
    pairs = [(field, find(seen, field.name, is_case_sensitive=True)) for field in columns.fields]
    return [field.name for field, found in pairs if found is None or covers(field.dataType, found.dataType)]


def distinct_names(schema: StructType) -> StructType:
    """The first of fields whose names differ only in case, which Spark ignores."""
    return StructType(
        [
            StructField(field.name, _distinct_below(field.dataType))
            for place, field in enumerate(schema.fields)
            if field.name.lower() not in {earlier.name.lower() for earlier in schema.fields[:place]}
        ]
    )


def _distinct_below(kind: DataType) -> DataType:
    if isinstance(kind, StructType):
        return distinct_names(kind)
    return ArrayType(_distinct_below(kind.elementType)) if isinstance(kind, ArrayType) else kind


def make_strings(schema: StructType, structured: set[str]) -> StructType:
    """The columns as strings, as JSON and CSV are inferred without `cloudFiles.inferColumnTypes`.

    A column with a hint inside it keeps its structure, with strings for leaves.

    Args:
        schema: The inferred columns.
        structured: The columns, in lower case, that keep their structure.
    """
    return StructType(
        [
            StructField(field.name, _leaf_strings(field.dataType) if field.name.lower() in structured else StringType())
            for field in schema.fields
        ]
    )


def _leaf_strings(kind: DataType) -> DataType:
    if isinstance(kind, StructType):
        return StructType([StructField(field.name, _leaf_strings(field.dataType)) for field in kind.fields])
    return ArrayType(_leaf_strings(kind.elementType)) if isinstance(kind, ArrayType) else StringType()


def parse_hints(text: str) -> list[tuple[tuple[str, ...], DataType]]:
    """Read `cloudFiles.schemaHints`.

    Args:
        text: Such as `id BIGINT, address.zip STRING, items.element.price DECIMAL(10, 2), tags.value INT`.

    Returns:
        For each hint the path of its name and its type.

    Raises:
        AutoLoaderError: A hint that is not a name and a type.
    """
    return [(_path(name), _parse_type(kind, hint)) for name, kind, hint in _hints(text)]


def are_simple_hints(text: str) -> bool:
    """Whether ``parse_hints`` needs no session of Spark to read the types of hints; raises as it does."""
    return all(read_simple_ddl(f"{_HINTED} {kind}") is not None for _, kind, _ in _hints(text))


def _hints(text: str) -> Iterator[tuple[str, str, str]]:
    """The name and the type of each hint, and its text."""
    for part in _split(text):
        match = _NAME.fullmatch(part)
        if not match:
            raise AutoLoaderError(
                f"the schema hint {part.strip()!r} is not a name and a type", hint="write `id BIGINT`"
            )
        yield match.group(1), match.group(2), part


def _path(name: str) -> tuple[str, ...]:
    return tuple(quoted or plain for quoted, plain in _PART.findall(name))


def _parse_type(kind: str, hint: str) -> DataType:
    try:
        return make_nullable(read_ddl(f"{_HINTED} {kind}")).fields[0].dataType
    except PySparkException as error:
        raise AutoLoaderError(
            f"the schema hint {hint.strip()!r} has an invalid type",
            hint="write a type such as BIGINT",
        ) from error


def read_ddl(text: str) -> StructType:
    """Columns from `id BIGINT, name STRING`; unusual types are read by Spark, if there is a session."""
    return read_simple_ddl(text) or StructType([*StructType.fromDDL(text)])  # type: ignore[misc]  # its stub has DataType


def _split(text: str) -> list[str]:
    """The parts between commas outside of brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "`'\"":
            quote = character
        elif character in "<(":
            depth += 1
        elif character in ">)":
            depth -= 1
        if character == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


def make_nullable(schema: StructType) -> StructType:
    """Make every field nullable."""

    def loosen(kind: DataType) -> DataType:
        if isinstance(kind, StructType):
            return make_nullable(kind)
        if isinstance(kind, ArrayType):
            return ArrayType(loosen(kind.elementType))
        return MapType(loosen(kind.keyType), loosen(kind.valueType)) if isinstance(kind, MapType) else kind

    return StructType([StructField(field.name, loosen(field.dataType)) for field in schema.fields])


def apply_hints(schema: StructType, hints: list[tuple[tuple[str, ...], DataType]]) -> StructType:
    """Override the types of inferred columns, and append columns that were not inferred."""
    hinted: DataType = schema
    for path, kind in hints:
        hinted = _put(hinted, path, kind)
    if not isinstance(hinted, StructType):
        raise TypeError("columns are a struct")
    return hinted


def _put(node: DataType, path: tuple[str, ...], kind: DataType) -> DataType:
    if not path:
        return kind
    head, rest = path[0], path[1:]
    if isinstance(node, MapType) or (not isinstance(node, StructType) and head in ("key", "value")):
        key = node.keyType if isinstance(node, MapType) else StringType()
        value = node.valueType if isinstance(node, MapType) else StringType()
        return MapType(_put(key, rest, kind), value) if head == "key" else MapType(key, _put(value, rest, kind))
    if isinstance(node, ArrayType):
        return ArrayType(_put(node.elementType, rest if head == "element" else path, kind))
    if head == "element" and not isinstance(node, StructType):
        return ArrayType(_put(StringType(), rest, kind))
    struct = node if isinstance(node, StructType) else StructType([])
    existing = find(struct, head)
    if existing is None:
        return StructType([*struct.fields, StructField(head, _put(StringType(), rest, kind))])
    return StructType(
        [
            StructField(field.name, _put(field.dataType, rest, kind)) if field is existing else field
            for field in struct.fields
        ]
    )
