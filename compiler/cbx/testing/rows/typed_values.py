"""From what people write in tests to what columns hold: dates from texts, decimals from numbers, structs from dicts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    CharType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    VarcharType,
)

from cbx.diagnostics.diagnostic import did_you_mean, listing
from cbx.testing.errors import ModelTestError
from cbx.testing.rows.text_tables import Cell


def typed(value: Any, kind: DataType, what: str) -> Any:
    """A value of a type.

    Args:
        value: What a test says: a value of Python's, its text, or the text of a cell.
        kind: The column's type.
        what: Where it stands, for messages.

    Returns:
        What Arrow takes for that type; structs as dicts, maps as lists of pairs, timestamps in UTC.

    Raises:
        ModelTestError: If it is no value of that type.
    """
    if value is None:
        return None
    try:
        return _typed(value, kind, what)
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        shown = value.text if isinstance(value, Cell) else repr(value)
        raise ModelTestError(f"{what}: {shown} is not a value of the type {kind.simpleString()}") from None


def _typed(value: Any, kind: DataType, what: str) -> Any:
    text = value.text if isinstance(value, Cell) else value
    match kind:
        case ArrayType():
            elements = json.loads(text) if isinstance(text, str) else text
            if not isinstance(elements, Sequence) or isinstance(elements, bytes):
                raise TypeError
            return [typed(one, kind.elementType, f"{what}[{index}]") for index, one in enumerate(elements)]
        case StructType():
            return _struct(json.loads(text) if isinstance(text, str) else text, kind, what)
        case MapType():
            pairs = json.loads(text) if isinstance(text, str) else text
            items = pairs.items() if isinstance(pairs, Mapping) else pairs
            return [(typed(key, kind.keyType, what), typed(one, kind.valueType, what)) for key, one in items]
        case _:
            return _scalar(text, kind)


def _struct(value: Any, kind: StructType, what: str) -> dict[str, Any]:
    if isinstance(value, Mapping):
        given = {str(name).lower(): one for name, one in value.items()}
        known = {field.name.lower() for field in kind}
        for name in value:
            if str(name).lower() not in known:
                names = [field.name for field in kind]
                hint = did_you_mean(str(name), names, otherwise=f"it has {listing(names)}")
                raise ModelTestError(f"{what} has no field `{name}`", hint)
        return {one.name: typed(given.get(one.name.lower()), one.dataType, f"{what}.{one.name}") for one in kind}
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == len(kind):
        pairs = zip(kind, value, strict=True)
        return {field.name: typed(one, field.dataType, f"{what}.{field.name}") for field, one in pairs}
    raise TypeError


def _scalar(value: Any, kind: DataType) -> Any:
    reader = next((read for types, read in _READERS if isinstance(kind, types)), None)
    return value if reader is None else reader(value, kind)


def _text(value: Any, _: DataType) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _boolean(value: Any, _: DataType) -> bool:
    found = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise TypeError
    return found


def _integer(value: Any, kind: DataType) -> int:
    number = int(value) if isinstance(value, str) else value
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError
    bits = _BITS.get(kind.simpleString(), 63)
    if not -(1 << bits) <= number < 1 << bits:
        raise OverflowError
    return number


def _float(value: Any, _: DataType) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise TypeError
    return float(value)


def _decimal(value: Any, kind: Any) -> Decimal:
    """A decimal; of a float the number that was written, and never one that has to be rounded."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise TypeError
    exact = Decimal(str(value))
    rounded = exact.quantize(Decimal(1).scaleb(-kind.scale))
    if rounded != exact or len(rounded.as_tuple().digits) > kind.precision:
        raise ValueError
    return rounded


def _date(value: Any, _: DataType) -> date:
    found = date.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(found, date) or isinstance(found, datetime):
        raise TypeError
    return found


def _timestamp(value: Any, _: DataType) -> datetime:
    """A point in time; one without a zone is in UTC."""
    found = _moment(value)
    return found.replace(tzinfo=timezone.utc) if found.tzinfo is None else found.astimezone(timezone.utc)


def _local_time(value: Any, _: DataType) -> datetime:
    """A time of no zone."""
    found = _moment(value)
    if found.tzinfo is not None:
        raise ValueError
    return found


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
    if not isinstance(found, date):
        raise TypeError
    return found if isinstance(found, datetime) else datetime(found.year, found.month, found.day)  # noqa: DTZ001 - see the callers


def _bytes(value: Any, _: DataType) -> bytes:
    if not isinstance(value, str | bytes | bytearray):
        raise TypeError
    return value.encode() if isinstance(value, str) else bytes(value)


_BITS = {"tinyint": 7, "smallint": 15, "int": 31}
_READERS: tuple[tuple[Any, Callable[[Any, Any], Any]], ...] = (
    ((StringType, VarcharType, CharType), _text),
    (BooleanType, _boolean),
    (IntegralType, _integer),
    ((FloatType, DoubleType), _float),
    (DecimalType, _decimal),
    (DateType, _date),
    (TimestampNTZType, _local_time),
    (TimestampType, _timestamp),
    (BinaryType, _bytes),
)


def plain(value: Any, kind: DataType) -> Any:
    """A value that `typed` returned as one writes it in a test: maps as dicts, timestamps without their zone."""
    if value is None:
        return None
    match kind:
        case ArrayType():
            return [plain(one, kind.elementType) for one in value]
        case StructType():
            return {field.name: plain(value[field.name], field.dataType) for field in kind}
        case MapType():
            return {plain(key, kind.keyType): plain(one, kind.valueType) for key, one in value}
        case TimestampType():
            return value.astimezone(timezone.utc).replace(tzinfo=None)
        case _:
            return value


def type_of(values: Sequence[Any]) -> DataType:
    """The type that values of a column look like, where nothing says it; only NULLs look like a text."""
    kinds = [_type_of(value) for value in values if value is not None]
    first = next(iter(kinds), StringType())
    for kind in kinds:
        if kind != first:
            return DoubleType() if {type(first), type(kind)} == {LongType, DoubleType} else first
    return first


def _type_of(value: Any) -> DataType:
    match value:
        case Mapping():
            return StructType([StructField(str(name), _type_of(one)) for name, one in value.items()])
        case list() | tuple():
            return ArrayType(type_of(value))
        case _:
            return next((kind for python, kind in _LOOKS if isinstance(value, python)), StringType())


_LOOKS: tuple[tuple[type, DataType], ...] = (
    (bool, BooleanType()),
    (int, LongType()),
    (float, DoubleType()),
    (Decimal, DecimalType(38, 18)),
    (datetime, TimestampType()),
    (date, DateType()),
    (bytes, BinaryType()),
)
