"""Whether the type of a column can be widened in a table that has rows."""

from __future__ import annotations

import re

_DECIMAL = re.compile(r"DECIMAL\((\d{1,3}),(\d{1,3})\)")
_SYNONYMS = {"BYTE": "TINYINT", "SHORT": "SMALLINT", "INTEGER": "INT", "LONG": "BIGINT", "REAL": "FLOAT"}
_WIDER = {
    "TINYINT": {"SMALLINT", "INT", "BIGINT", "DOUBLE"},
    "SMALLINT": {"INT", "BIGINT", "DOUBLE"},
    "INT": {"BIGINT", "DOUBLE"},
    "FLOAT": {"DOUBLE"},
    "DATE": {"TIMESTAMP_NTZ"},
}
_DIGITS = {"TINYINT": 10, "SMALLINT": 10, "INT": 10, "BIGINT": 20}


def normalise_type(type_name: str) -> str:
    """A type's name in a canonical spelling: upper case, no spaces, one synonym."""
    name = re.sub(r"\s+", "", type_name).upper()
    name = {"DEC": "DECIMAL(10,0)", "DECIMAL": "DECIMAL(10,0)", "NUMERIC": "DECIMAL(10,0)"}.get(name, name)
    name = re.sub(r"^(?:DEC|NUMERIC)\(", "DECIMAL(", name)
    name = re.sub(r"^DECIMAL\((\d+)\)$", r"DECIMAL(\1,0)", name)
    return _SYNONYMS.get(name, name)


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
