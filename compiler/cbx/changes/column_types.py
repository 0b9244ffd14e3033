"""Whether the type of a column can be widened in a table that has rows."""

from __future__ import annotations

import re

_DECIMAL = re.compile(r"DECIMAL\((\d{1,3}),(\d{1,3})\)")
_WORD = re.compile(r"\w+(?!\w*\s*:)")
"""The name of a type, or of a field without a colon."""
_SYNONYMS = {
    "BYTE": "TINYINT",
    "SHORT": "SMALLINT",
    "INTEGER": "INT",
    "LONG": "BIGINT",
    "REAL": "FLOAT",
    "DEC": "DECIMAL",
    "NUMERIC": "DECIMAL",
    "TIMESTAMP_LTZ": "TIMESTAMP",
}
_WIDER = {
    "TINYINT": {"SMALLINT", "INT", "BIGINT", "DOUBLE"},
    "SMALLINT": {"INT", "BIGINT", "DOUBLE"},
    "INT": {"BIGINT", "DOUBLE"},
    "FLOAT": {"DOUBLE"},
    "DATE": {"TIMESTAMP_NTZ"},
}
_DIGITS = {"TINYINT": 10, "SMALLINT": 10, "INT": 10, "BIGINT": 20}


def normalise_type(type_name: str) -> str:
    """A type's name in a canonical spelling: upper case, no spaces, one synonym, also of the parts of nested types."""
    name = _WORD.sub(lambda word: _SYNONYMS.get(word[0], word[0]), type_name.upper())
    name = re.sub(r"\s+", "", name)
    name = re.sub(r"\bDECIMAL\b(?![(:])", "DECIMAL(10,0)", name)
    return re.sub(r"\bDECIMAL\((\d+)\)", r"DECIMAL(\1,0)", name)


def is_widening(before: str, after: str) -> bool:
    """Whether Delta's type widening allows a change of type.

    The rules are those of the page "Type widening" of the Databricks documentation. Nested types, such as structs, are
    never widened.
    """
    old, new = normalise_type(before), normalise_type(after)
    wide = _DECIMAL.fullmatch(new)
    if wide is None:
        return new in _WIDER.get(old, ())
    precision, scale = int(wide[1]), int(wide[2])
    narrow = _DECIMAL.fullmatch(old)
    if narrow is not None:
        more = scale - int(narrow[2])
        return more >= 0 and precision - int(narrow[1]) >= more and new != old
    return old in _DIGITS and precision - scale >= _DIGITS[old]
