"""Reads columns such as ``id BIGINT, items ARRAY<STRUCT<price: DECIMAL(10, 2)>>`` without Spark's parser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
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
    TimestampType,
)

_TOKEN: Final = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|`([^`]+)`|([0-9]+)|([<>(),:]))")
_LEAVES: Final[Mapping[str, type[DataType]]] = {
    "BOOLEAN": BooleanType,
    "TINYINT": ByteType,
    "BYTE": ByteType,
    "SMALLINT": ShortType,
    "SHORT": ShortType,
    "INT": IntegerType,
    "INTEGER": IntegerType,
    "BIGINT": LongType,
    "LONG": LongType,
    "FLOAT": FloatType,
    "REAL": FloatType,
    "DOUBLE": DoubleType,
    "STRING": StringType,
    "DATE": DateType,
    "TIMESTAMP": TimestampType,
    "BINARY": BinaryType,
}
_MOST_DIGITS: Final = 38

Token = tuple[str, str]
"""The kind of a token (word, name, number or sign; end) and its text."""


def read_simple_ddl(text: str) -> StructType | None:
    """Read columns.

    Returns:
        None if they have anything but names and plain types, or are invalid; then Spark decides.
    """
    tokens = _tokens(text)
    if tokens is None:
        return None
    try:
        return _DdlReader(tokens).columns("end", is_colon_allowed=False)
    except _UnusualError:
        return None


class _UnusualError(Exception):
    """The text is not simple."""


def _tokens(text: str) -> list[Token] | None:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if not match:
            return None
        kinds = zip(("word", "name", "number", "sign"), match.groups(), strict=True)
        tokens += [(kind, part) for kind, part in kinds if part is not None]
        place = match.end()
    return [*tokens, ("end", "end")]


class _DdlReader:
    """Reads the tokens of columns from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.place = 0

    def columns(self, end: str, *, is_colon_allowed: bool) -> StructType:
        fields: list[StructField] = []
        while True:
            kind, name = self._next()
            if kind not in ("word", "name"):
                raise _UnusualError
            if is_colon_allowed and self._peek() == ":":
                self._next()
            fields.append(StructField(name, self._type()))
            sign = self._next()[1]
            if sign == end:
                return StructType(fields)
            if sign != ",":
                raise _UnusualError

    def _type(self) -> DataType:
        kind, text = self._next()
        word = text.upper() if kind == "word" else ""
        if word == "STRUCT":
            self._expect("<")
            return self.columns(">", is_colon_allowed=True)
        if word == "ARRAY":
            self._expect("<")
            element = self._type()
            self._expect(">")
            return ArrayType(element)
        if word == "MAP":
            return self._map()
        if word in ("DECIMAL", "DEC", "NUMERIC"):
            return self._decimal()
        if word not in _LEAVES:
            raise _UnusualError
        return _LEAVES[word]()

    def _map(self) -> MapType:
        self._expect("<")
        key = self._type()
        self._expect(",")
        value = self._type()
        self._expect(">")
        return MapType(key, value)

    def _decimal(self) -> DecimalType:
        if self._peek() != "(":
            return DecimalType(10, 0)
        self._next()
        precision, scale = self._number(), 0
        if self._peek() == ",":
            self._next()
            scale = self._number()
        self._expect(")")
        if not 0 < precision <= _MOST_DIGITS or scale > precision:
            raise _UnusualError
        return DecimalType(precision, scale)

    def _number(self) -> int:
        kind, text = self._next()
        if kind != "number":
            raise _UnusualError
        return int(text)

    def _peek(self) -> str:
        return self.tokens[self.place][1]

    def _next(self) -> Token:
        token = self.tokens[min(self.place, len(self.tokens) - 1)]
        self.place += 1
        return token

    def _expect(self, sign: str) -> None:
        if self._next() != ("sign", sign):
            raise _UnusualError
