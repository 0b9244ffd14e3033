"""Finds the ``WATERMARK`` clauses of queries, which sqlglot does not parse.

The grammar is that of the Databricks page "WATERMARK clause"; Spark parses it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlglot.tokenizer_core import Token, TokenType

from cbx.runtime.sql.edits import query_tokens

_UNITS: Final = frozenset(
    f"{unit}{plural}"
    for unit in ("YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
    for plural in ("", "S")
)


def watermarks(query: str) -> list[tuple[int, int]]:
    """The start and end of each clause, such as ``WATERMARK ts DELAY OF INTERVAL 10 MINUTES``."""
    if "watermark" not in query.lower():
        return []
    return list(_clauses(query_tokens(query)))


def _clauses(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    words = [token.text.upper() if token.token_type != TokenType.STRING else "" for token in tokens]
    for number, word in enumerate(words):
        if word != "WATERMARK" or tokens[number].token_type != TokenType.VAR:
            continue
        delay = next(
            (place for place in range(number, len(words)) if words[place : place + 2] == ["DELAY", "OF"]), None
        )
        if delay is not None and words[delay + 2 : delay + 3] == ["INTERVAL"]:
            yield tokens[number].start, tokens[_last_of_interval(tokens, words, delay + 2)].end + 1


def _last_of_interval(tokens: Sequence[Token], words: Sequence[str], last: int) -> int:
    """The number of the last token of an interval, which is a text or has units."""
    while last + 1 < len(words):
        kind, word = tokens[last + 1].token_type, words[last + 1]
        if kind not in (TokenType.NUMBER, TokenType.STRING, TokenType.DASH) and word not in (*_UNITS, "TO"):
            return last
        last += 1
    return last


def watermark_after(query: str, offset: int) -> int | None:
    """The end of the clause that follows at an offset; None if there is none."""
    return next((end for start, end in watermarks(query) if start >= offset and not query[offset:start].strip()), None)


def blank_watermarks(query: str) -> str:
    """The query with blanks instead of its clauses."""
    for start, end in watermarks(query):
        query = query[:start] + "".join("\n" if sign == "\n" else " " for sign in query[start:end]) + query[end:]
    return query
