"""Parses JSON records as Jackson does with the settings of Spark."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from cbx.runtime.landing_files.errors import NeedsSparkError

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_CUT_STRING: Final = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*\Z')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![0-9A-Za-z_.$])")
_NEGATIVE_ZERO: Final = re.compile(r"-0(?![.0-9eE])")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_WORDS: Final = {"true": True, "false": False, "null": None}
_WORD: Final = re.compile(r"(true|false|null)(?![0-9A-Za-z_$])")
_LONGEST: Final = 1 << 23
_LONGEST_NAMED: Final = 1 << 15
_DEEPEST: Final = 200
_LONGEST_NUMBER: Final = 300


@dataclass(frozen=True, slots=True)
class Fraction:
    """A JSON number with a fraction or an exponent."""

    text: str


class ExactObject(dict[str, Any]):
    """A JSON object with its text."""

    text: str = ""


class ExactArray(list[Any]):
    """A JSON array with its text."""

    text: str = ""


class MalformedRecordError(Exception):
    """The text is no JSON object, and Spark reads NULL for every column."""


def parse_record(text: str, *, is_exact: bool = False) -> dict[str, Any]:
    """Parse a record.

    Args:
        text: The record, one JSON object.
        is_exact: Whether objects and arrays keep their text.

    Returns:
        The fields. Values are None, booleans, integers, ``Fraction``, texts, lists and dicts.

    Raises:
        MalformedRecordError: The text is malformed, or no object.
        NeedsSparkError: It is not certain how Spark reads it.
    """
    if len(text) > _LONGEST or text.count("{") + text.count("[") > _DEEPEST:
        raise NeedsSparkError("a JSON record is very long or deeply nested")
    if not is_exact and len(text) < _LONGEST_NAMED and "\\u" not in text and not _NEGATIVE_ZERO.search(text):
        try:
            value = _DECODER.decode(text)
        except ValueError:
            value = None
        if type(value) is dict:
            return value
    return _Parser(text).parse()


def parse_array(text: str) -> list[Any]:
    """Parse a document that is an array.

    Raises:
        NeedsSparkError: It is malformed, or it is not certain how Spark reads it.
    """
    if len(text) > _LONGEST:
        raise NeedsSparkError("a JSON document is very long")
    try:
        return _Parser(text).parse_array()
    except MalformedRecordError as error:
        raise NeedsSparkError("a JSON document is malformed") from error


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs) or "" in fields:
        raise NeedsSparkError("a JSON object has a repeated or empty field name")
    return fields


def _refuse_constant(text: str) -> NoReturn:
    raise NeedsSparkError(f"a JSON record has the value {text}")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates, parse_float=Fraction, parse_constant=_refuse_constant
)


class _Parser:
    """A parser of one record that keeps the text of objects and arrays."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.open_objects = 0
        self.open_arrays = 0

    def parse(self) -> dict[str, Any]:
        self._skip_space()
        if self._next() == "[" or self.text.startswith("\ufeff"):
            raise NeedsSparkError("a JSON record is an array, or begins with a byte order mark")
        if self._next() != "{":
            raise MalformedRecordError
        value = self._object()
        self._skip_space()
        if self.place < len(self.text):
            raise NeedsSparkError("a JSON record is followed by other text")
        return value

    def parse_array(self) -> list[Any]:
        self._skip_space()
        value = self._array()
        self._skip_space()
        if self.place < len(self.text):
            raise NeedsSparkError("a JSON document is followed by other text")
        return value

    def _value(self) -> Any:
        character = self._next()
        if character == "{":
            return self._object()
        if character == "[":
            return self._array()
        if character == '"':
            return self._string()
        word = _WORD.match(self.text, self.place)
        if word:
            self.place = word.end()
            return _WORDS[word.group()]
        return self._number()

    def _object(self) -> ExactObject:
        start = self.place
        self.open_objects += 1
        self.place += 1
        pairs: list[tuple[str, Any]] = []
        self._skip_space()
        while self._next() != "}":
            if pairs:
                self._expect(",")
            name = self._string()
            self._expect(":")
            pairs.append((name, self._value()))
            self._skip_space()
        self.place += 1
        self.open_objects -= 1
        value = ExactObject(_refuse_duplicates(pairs))
        value.text = self.text[start : self.place]
        return value

    def _array(self) -> ExactArray:
        start = self.place
        self.open_arrays += 1
        self.place += 1
        value = ExactArray()
        self._skip_space()
        while self._next() != "]":
            if value:
                self._expect(",")
            value.append(self._value())
            self._skip_space()
        self.place += 1
        self.open_arrays -= 1
        value.text = self.text[start : self.place]
        return value

    def _string(self) -> str:
        match = _STRING.match(self.text, self.place)
        if not match:
            self._fail_in_string()
        self.place = match.end()
        value = str(json.loads(match.group()))
        if _SURROGATE.search(value):
            raise NeedsSparkError("a JSON text has half of a surrogate pair")
        return value

    def _fail_in_string(self) -> NoReturn:
        is_cut = _CUT_STRING.match(self.text, self.place)
        if self._next() == "'" or (self._next() == '"' and not is_cut):
            raise NeedsSparkError("a JSON text has single quotes, or characters that are not allowed")
        self._fail(is_cut=bool(is_cut))

    def _number(self) -> int | Fraction:
        match = _NUMBER.match(self.text, self.place)
        if not match:
            if self._next() in tuple("NIn+-'"):
                self._fail_at_constant()
            self._fail()
        text = match.group()
        if text == "-0" or len(text) > _LONGEST_NUMBER:
            raise NeedsSparkError(f"a JSON record has the number {text[:20]}")
        self.place = match.end()
        return Fraction(text) if match.group(1) or match.group(2) else int(text)

    def _fail_at_constant(self) -> NoReturn:
        if self._next() == "n":
            self._fail()
        raise NeedsSparkError("a JSON record has a value such as NaN or Infinity")

    def _expect(self, character: str) -> None:
        self._skip_space()
        if self._next() != character:
            self._fail()
        self.place += 1
        self._skip_space()

    def _fail(self, *, is_cut: bool = False) -> NoReturn:
        """Refuse the record. Spark may keep some fields of a record that is malformed inside a nested value."""
        is_cut = is_cut or self.place >= len(self.text)
        if self.open_objects > 1 or (self.open_arrays and not is_cut):
            raise NeedsSparkError("a JSON record is malformed inside a nested value")
        raise MalformedRecordError

    def _next(self) -> str:
        return self.text[self.place : self.place + 1]

    def _skip_space(self) -> None:
        match = _SPACE.match(self.text, self.place)
        self.place = match.end() if match else self.place
