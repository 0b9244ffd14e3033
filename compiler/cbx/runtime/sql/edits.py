"""Tokens of queries, and changes to their texts. The lines of a text stay the same, since Spark reports lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

Edit = tuple[int, int, str]
"""The start and end of a part of a text, and what replaces it."""

_DEEPER: Final = {TokenType.L_PAREN: 1, TokenType.L_BRACKET: 1, TokenType.R_PAREN: -1, TokenType.R_BRACKET: -1}


def query_tokens(text: str) -> Sequence[Token]:
    """The tokens of a query; none if a quote or a comment is not closed, which Spark reports."""
    try:
        return sqlglot.tokenize(text, dialect="databricks")
    except SqlglotError:
        return ()


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Change parts of a text, with as many lines as before.

    Args:
        text: The text.
        edits: The changes, which do not overlap.
    """
    pieces: list[str] = []
    position = 0
    for start, end, new in sorted(edits):
        lost = text.count("\n", start, end) - new.count("\n")
        pieces += (text[position:start], new, "\n" * lost)
        position = end
    return "".join((*pieces, text[position:]))


def closing_bracket(tokens: Sequence[Token], opening: int) -> int | None:
    """The number of the token that closes a bracket; None if there is none.

    Args:
        tokens: The tokens of a text.
        opening: The number of the opening bracket.
    """
    depth = 0
    for number in range(opening, len(tokens)):
        depth += _DEEPER.get(tokens[number].token_type, 0)
        if depth == 0:
            return number
    return None


def opening_bracket(tokens: Sequence[Token], closing: int) -> int | None:
    """The number of the token that a bracket closes; None if there is none."""
    depth = 0
    for number in range(closing, -1, -1):
        depth += _DEEPER.get(tokens[number].token_type, 0)
        if depth == 0:
            return number
    return None


def split_at_commas(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """The parts between the commas that are in no bracket."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += _DEEPER.get(token.token_type, 0)
        if depth == 0 and token.token_type == TokenType.COMMA:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def with_stream(tokens: Sequence[Token], first: int, last: int) -> tuple[int, int]:
    """The numbers of the first and last token of what is read, with ``STREAM`` and its brackets.

    Args:
        tokens: The tokens of a query.
        first: The number of the first token of a table or call.
        last: The number of its last token.
    """
    if first and tokens[first - 1].token_type == TokenType.STREAM:
        return first - 1, last
    is_in_brackets = (
        first > 1 and last + 1 < len(tokens) and tokens[first - 1].token_type == TokenType.L_PAREN
    ) and tokens[last + 1].token_type == TokenType.R_PAREN
    if is_in_brackets and tokens[first - 2].token_type == TokenType.STREAM:
        return first - 2, last + 1
    return first, last
