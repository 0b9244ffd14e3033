"""Converts values in tests to the types of columns: texts to dates, numbers to decimals, dicts to structs."""

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
from cbx.testing.rows.text_tables import TextCell


def convert_value(value: Any, kind: DataType, what: str) -> Any:
    """Convert a value to a type.

    Args:
        value: A Python value, its text, or the cell of a text table.
        kind: The column's type.
        what: Where the value is, for messages.

    Returns:
        A value that Arrow accepts for the type; structs as dicts, maps as lists of pairs, timestamps in UTC.

    Raises:
        ModelTestError: If it is not a value of that type.
    """
    if value is None:
        return None
    try:
        return _convert(value, kind, what)
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        shown = value.text if isinstance(value, TextCell) else repr(value)
        raise ModelTestError(f"{what}: {shown} is not a value of the type {kind.simpleString()}") from None


def _convert(value: Any, kind: DataType, what: str) -> Any:
    text = value.text if isinstance(value, TextCell) else value
    match kind:
        case ArrayType():
            elements = json.loads(text) if isinstance(text, str) else text
            if not isinstance(elements, Sequence) or isinstance(elements, bytes):
                raise TypeError
            return [convert_value(item, kind.elementType, f"{what}[{index}]") for index, item in enumerate(elements)]
        case StructType():
            return _struct(json.loads(text) if isinstance(text, str) else text, kind, what)
        case MapType():
            pairs = json.loads(text) if isinstance(text, str) else text
            items = pairs.items() if isinstance(pairs, Mapping) else pairs
            return [
                (convert_value(key, kind.keyType, what), convert_value(item, kind.valueType, what))
                for key, item in items
            ]
        case _:
            return _scalar(text, kind)


def _struct(value: Any, kind: StructType, what: str) -> dict[str, Any]:
    if isinstance(value, Mapping):
        items = {str(name).lower(): item for name, item in value.items()}
        field_names = {field.name.lower() for field in kind}
        for name in value:
            if str(name).lower() not in field_names:
                names = [field.name for field in kind]
                hint = did_you_mean(str(name), names, otherwise=f"it has {listing(names)}")
                raise ModelTestError(f"{what} has no field `{name}`", hint)
        return {
            field.name: convert_value(items.get(field.name.lower()), field.dataType, f"{what}.{field.name}")
            for field in kind
        }
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == len(kind):
        pairs = zip(kind, value, strict=True)
        return {field.name: convert_value(item, field.dataType, f"{what}.{field.name}") for field, item in pairs}
    raise TypeError


def _scalar(value: Any, kind: DataType) -> Any:
    convert = next((function for types, function in _CONVERSIONS if isinstance(kind, types)), None)
    return value if convert is None else convert(value, kind)


def _text(value: Any, _: DataType) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _boolean(value: Any, _: DataType) -> bool:
    boolean = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(boolean, bool):
        raise TypeError
    return boolean


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
    """A decimal with the digits of the literal; one that would have to be rounded is refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise TypeError
    exact = Decimal(str(value))
    rounded = exact.quantize(Decimal(1).scaleb(-kind.scale))
    if rounded != exact or len(rounded.as_tuple().digits) > kind.precision:
        raise ValueError
    return rounded


def _date(value: Any, _: DataType) -> date:
    day = date.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(day, date) or isinstance(day, datetime):
        raise TypeError
    return day


def _timestamp(value: Any, _: DataType) -> datetime:
    """A timestamp in UTC, which is the time zone of a value without one."""
    time = _datetime(value)
    return time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time.astimezone(timezone.utc)


def _timestamp_ntz(value: Any, _: DataType) -> datetime:
    """A timestamp without a time zone."""
    time = _datetime(value)
    if time.tzinfo is not None:
        raise ValueError
    return time


def _datetime(value: Any) -> datetime:
    time = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
    if not isinstance(time, date):
        raise TypeError
    return time if isinstance(time, datetime) else datetime(time.year, time.month, time.day)  # noqa: DTZ001 - see the callers


def _bytes(value: Any, _: DataType) -> bytes:
    if not isinstance(value, str | bytes | bytearray):
        raise TypeError
    return value.encode() if isinstance(value, str) else bytes(value)


_BITS = {"tinyint": 7, "smallint": 15, "int": 31}
_CONVERSIONS: tuple[tuple[Any, Callable[[Any, Any], Any]], ...] = (
    ((StringType, VarcharType, CharType), _text),
    (BooleanType, _boolean),
    (IntegralType, _integer),
    ((FloatType, DoubleType), _float),
    (DecimalType, _decimal),
    (DateType, _date),
    (TimestampNTZType, _timestamp_ntz),
    (TimestampType, _timestamp),
    (BinaryType, _bytes),
)


def plain_value(value: Any, kind: DataType) -> Any:
    """A value that `convert_value` returned, as a test writes it: maps as dicts, timestamps without a time zone."""
    if value is None:
        return None
    match kind:
        case ArrayType():
            return [plain_value(item, kind.elementType) for item in value]
        case StructType():
            return {field.name: plain_value(value[field.name], field.dataType) for field in kind}
        case MapType():
            return {plain_value(key, kind.keyType): plain_value(item, kind.valueType) for key, item in value}
        case TimestampType():
            return value.astimezone(timezone.utc).replace(tzinfo=None)
        case _:
            return value


def infer_type(values: Sequence[Any]) -> DataType:
    """The type of a column without a declared type, from its values; STRING if all are NULL."""
    kinds = [_infer_value_type(value) for value in values if value is not None]
    first = next(iter(kinds), StringType())
    for kind in kinds:
        if kind != first:
            return DoubleType() if {type(first), type(kind)} == {LongType, DoubleType} else first
    return first


def _infer_value_type(value: Any) -> DataType:
    match value:
        case Mapping():
            return StructType([StructField(str(name), _infer_value_type(item)) for name, item in value.items()])
        case list() | tuple():
            return ArrayType(infer_type(value))
        case _:
            return next((kind for python, kind in _PYTHON_TYPES if isinstance(value, python)), StringType())


_PYTHON_TYPES: tuple[tuple[type, DataType], ...] = (
    (bool, BooleanType()),
    (int, LongType()),
    (float, DoubleType()),
    (Decimal, DecimalType(38, 18)),
    (datetime, TimestampType()),
    (date, DateType()),
    (bytes, BinaryType()),
)
