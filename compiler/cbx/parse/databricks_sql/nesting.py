"""Refuses SQL that is too large or too deep for sqlglot, which would run out of stack or time."""

from __future__ import annotations

import re

from cbx.parse.databricks_sql.quotes import mask_quotes

_DEEPEST = 500
_FEW_JOINS = 12
_MOST_AGAIN = 1_000_000
"""The total number of characters that may be parsed again."""
_STEP = re.compile(
    r"(?P<opens>\()|(?P<closes>\))|(?P<type_opens>\b(?:ARRAY|STRUCT|MAP)\s*<)|(?P<type_closes>>)"
    r"|(?:\.|\bAS\b)\s*(?:ON|USING|CROSS|NATURAL)\b|\b(?:CROSS|NATURAL(?:\s+\w+){0,2})\s+JOIN\b"
    r"|\b(?:(?P<joins>JOIN)|(?P<on>ON|USING)|(?P<another>UNION|EXCEPT|INTERSECT|MINUS))\b",
    re.IGNORECASE,
)
_QUERY_IN_QUERY = re.compile(
    r"(?:\b(?:FROM|JOIN|SELECT|LATERAL)\b|,)\s*(?=(?:FROM|SELECT)\b)|\(\s*(?=FROM\b)", re.IGNORECASE
)
"""The start of a query inside another one, without brackets."""


_METHOD = re.compile(r"[)\]]\s*\.\s*[\w`]+\s*\(")
"""A call on the result of another call: sqlglot takes quadratic time for these, and Spark does not have them."""
_MOST_METHODS = 10
_WORD = re.compile(r"\w+|[^\w\s]")
_MOST_WORDS = 200_000
"""sqlglot takes four seconds and half a gigabyte for this many."""


def obstacle(sql: str) -> str:
    """The reason why SQL is too large or too deep to be parsed; empty if it is not.

    Args:
        sql: The text; quotes and comments do not count.
    """
    if len(sql) < _DEEPEST and sql.upper().count("JOIN") < _FEW_JOINS:
        return ""
    plain = mask_quotes(sql)
    if len(plain) > _MOST_WORDS and sum(1 for _ in _WORD.finditer(plain)) > _MOST_WORDS:
        return f"it has more than {_MOST_WORDS:,} words and signs"
    queries = sum(1 for _ in _QUERY_IN_QUERY.finditer(plain))
    methods = sum(1 for _ in _METHOD.finditer(plain))
    is_deep = queries > _DEEPEST or methods > _MOST_METHODS or _is_nested(plain, are_apart=not queries)
    return "it is nested too deeply" if is_deep else ""


def _is_nested(sql: str, *, are_apart: bool) -> bool:
    """Whether brackets or joins are nested too deeply.

    After a JOIN without a condition sqlglot tries to parse the next joins as nested ones, finds no condition for them
    either, and parses them again: after ten of them, everything is parsed a thousand times.

    Args:
        sql: The text with masked quotes.
        are_apart: Whether the queries of a UNION are certainly not nested.
    """
    waiting, around, types, again, last = 0, list[int](), 0, 0, 0
    for step in _STEP.finditer(sql):
        again += (step.start() - last) * ((1 << waiting) - 1)
        last = step.start()
        outside = around[-1] if around else 0
        if step["opens"]:
            around.append(waiting)
        elif step["closes"]:
            waiting = around.pop() if around else 0
        elif step["type_opens"]:
            types += 1
        elif step["type_closes"]:
            types = max(types - 1, 0)
        elif step["joins"]:
            waiting += 1
        elif step["on"]:
            waiting = max(waiting - 1, outside)
        elif step["another"] and are_apart:
            waiting = outside
        if len(around) + types > _DEEPEST or again > _MOST_AGAIN:
            return True
    return again + (len(sql) - last) * ((1 << waiting) - 1) > _MOST_AGAIN
