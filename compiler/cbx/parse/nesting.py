"""How large and deep SQL is, told before it is parsed: sqlglot runs out of stack, which ends the process, or time."""

from __future__ import annotations

import re

from cbx.parse.quotes import mask_quotes

_DEEPEST = 500
_FEW_JOINS = 12
_MOST_AGAIN = 1_000_000
"""How many characters may be parsed again, in all."""
_STEP = re.compile(
    r"(?P<opens>\()|(?P<closes>\))|(?P<type_opens>\b(?:ARRAY|STRUCT|MAP)\s*<)|(?P<type_closes>>)"
    r"|(?:\.|\bAS\b)\s*(?:ON|USING|CROSS|NATURAL)\b|\b(?:CROSS|NATURAL(?:\s+\w+){0,2})\s+JOIN\b"
    r"|\b(?:(?P<joins>JOIN)|(?P<on>ON|USING)|(?P<another>UNION|EXCEPT|INTERSECT|MINUS))\b",
    re.IGNORECASE,
)
_QUERY_IN_QUERY = re.compile(
    r"(?:\b(?:FROM|JOIN|SELECT|LATERAL)\b|,)\s*(?=(?:FROM|SELECT)\b)|\(\s*(?=FROM\b)", re.IGNORECASE
)
"""A query that begins inside another without a bracket of its own; one of FROM takes more of the stack."""


_METHOD = re.compile(r"[)\]]\s*\.\s*[\w`]+\s*\(")
"""A call on the result of another: sqlglot goes through all that stands before each, and Spark knows none."""
_MOST_METHODS = 10
_WORD = re.compile(r"\w+|[^\w\s]")
_MOST_WORDS = 200_000
"""sqlglot takes four seconds and half a gigabyte for as many."""


def obstacle(sql: str) -> str:
    """Why SQL is not given to sqlglot: how it is larger or deeper than anybody writes it; empty if it is not.

    Args:
        sql: The text; what stands in quotes or comments does not count.
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
    """Whether brackets are nested too deeply, or joins are.

    Behind a JOIN without a condition sqlglot looks for the joins that may be inside it, finds no condition behind them
    either, and parses them once more: everything behind ten of them a thousand times.

    Args:
        sql: The text, without what stands in quotes.
        are_apart: Whether the queries of a UNION are outside each other for certain.
    """
    waiting, around, types, again, last = 0, list[int](), 0, 0, 0
    for found in _STEP.finditer(sql):
        again += (found.start() - last) * ((1 << waiting) - 1)
        last = found.start()
        outside = around[-1] if around else 0
        if found["opens"]:
            around.append(waiting)
        elif found["closes"]:
            waiting = around.pop() if around else 0
        elif found["type_opens"]:
            types += 1
        elif found["type_closes"]:
            types = max(types - 1, 0)
        elif found["joins"]:
            waiting += 1
        elif found["on"]:
            waiting = max(waiting - 1, outside)
        elif found["another"] and are_apart:
            waiting = outside
        if len(around) + types > _DEEPEST or again > _MOST_AGAIN:
            return True
    return again + (len(sql) - last) * ((1 << waiting) - 1) > _MOST_AGAIN
