"""How deep SQL is nested, told before it is parsed: as machine code, sqlglot runs out of stack and ends the process."""

from __future__ import annotations

import re

_DEEPEST = 500
_BRACKET = re.compile(r"(?P<opens>\(|\b(?:ARRAY|STRUCT|MAP)\s*<)|[)>]", re.IGNORECASE)
_LEADING_FROM = re.compile(r"(?:\bFROM|\bSELECT|,|\()\s*(?=FROM\b)", re.IGNORECASE)


def is_too_deep(sql: str) -> bool:
    """Whether SQL has more brackets in brackets, or queries that begin with FROM, than anybody writes.

    Args:
        sql: The text, without what stands in quotes.
    """
    if len(sql) < _DEEPEST:
        return False
    depth = 0
    for found in _BRACKET.finditer(sql):
        depth = depth + 1 if found["opens"] else max(depth - 1, 0)
        if depth > _DEEPEST:
            return True
    return sum(1 for _ in _LEADING_FROM.finditer(sql)) > _DEEPEST
