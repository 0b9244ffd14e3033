"""Rewrites expressions of Databricks SQL that Spark's parser or analyzer does not know.

Each has exactly one equivalent in Spark: functions with another name, and ``column:path`` on JSON text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlglot.tokenizer_core import Token, TokenType

from cbx.runtime.sql.edits import Edit, apply_edits, closing_bracket, opening_bracket, query_tokens

_RENAMED: Final = {"charindex": "locate", "getdate": "now", "iff": "if"}
"""Functions of Databricks, each with that of Spark that has the same arguments and result."""

_NAMES: Final = (TokenType.VAR, TokenType.IDENTIFIER)
_NESTED_TYPES: Final = (TokenType.ARRAY, TokenType.MAP, TokenType.STRUCT)


def rename_functions(query: str) -> str:
    """Replace functions that only Databricks has by those of Spark.

    Example:
        ``iff(a > 0, 'x', 'y')`` becomes ``if(a > 0, 'x', 'y')``.
    """
    if not any(name in query.lower() for name in _RENAMED):
        return query
    return apply_edits(query, _renamings(query_tokens(query)))


def _renamings(tokens: Sequence[Token]) -> Iterator[Edit]:
    for number, token in enumerate(tokens[:-1]):
        new = _RENAMED.get(token.text.lower())
        is_called = tokens[number + 1].token_type == TokenType.L_PAREN and token.token_type == TokenType.VAR
        is_part = number > 0 and tokens[number - 1].token_type == TokenType.DOT
        if new is not None and is_called and not is_part:
            yield token.start, token.end + 1, new


def extract_json_paths(query: str) -> str:
    """Replace ``column:path`` by ``get_json_object``, which reads the text of a JSON document.

    Spark has the operator for VARIANT only.

    Example:
        ``raw:store.items[0]::int`` becomes ``get_json_object(raw, '$.store.items[0]')::int``.
    """
    return apply_edits(query, _extractions(query_tokens(query)))


def _extractions(tokens: Sequence[Token]) -> Iterator[Edit]:
    types = _tokens_of_types(tokens)
    for number in range(1, len(tokens) - 1):
        is_extraction = tokens[number].token_type == TokenType.COLON and number not in types
        first = _document(tokens, number - 1) if is_extraction else None
        after = _path_end(tokens, number + 1)
        if first is not None and after > number + 1:
            path = "".join(_path(tokens[number + 1 : after]))
            yield tokens[first].start, tokens[first].start, "get_json_object("
            yield tokens[number].start, tokens[after - 1].end + 1, f", '${path}')"


def _tokens_of_types(tokens: Sequence[Token]) -> set[int]:
    """The numbers of the tokens between angle brackets, as in ``STRUCT<a: INT>``."""
    inside, depth = set(), 0
    for number, token in enumerate(tokens):
        kind = token.token_type
        if kind == TokenType.LT and number and tokens[number - 1].token_type in _NESTED_TYPES:
            depth += 1
        elif depth and token.text.startswith(">"):
            depth -= len(token.text)
        elif depth:
            inside.add(number)
    return inside


def _document(tokens: Sequence[Token], last: int) -> int | None:
    """The first token of the expression before a colon, such as a column or a call; None if there is none."""
    first = last
    while tokens[first].token_type in (TokenType.R_PAREN, TokenType.R_BRACKET):
        opening = opening_bracket(tokens, first)
        if opening is None:
            return None
        is_call = opening > 0 and tokens[opening - 1].end + 1 == tokens[opening].start
        if not is_call:
            return opening
        first = opening - 1
    if first == last and tokens[first].token_type not in _NAMES:
        return None
    while first > 1 and tokens[first - 1].token_type == TokenType.DOT:
        first -= 2
    return first


def _path_end(tokens: Sequence[Token], first: int) -> int:
    """The number of the token after a path."""
    after = first + 1 if _is_name(tokens[first]) else first
    while after < len(tokens):
        if tokens[after].token_type == TokenType.L_BRACKET:
            closing = closing_bracket(tokens, after)
            if closing is None:
                return after
            after = closing + 1
        elif tokens[after].token_type == TokenType.DOT and after + 1 < len(tokens):
            after += 2
        else:
            return after
    return after


def _is_name(token: Token) -> bool:
    return token.token_type in _NAMES or token.text.isidentifier()


def _path(tokens: Sequence[Token]) -> Iterator[str]:
    """The parts of a path, inside a text in quotes."""
    for token in tokens:
        if token.token_type == TokenType.STRING:
            yield f"\\'{token.text}\\'"
        elif token.token_type == TokenType.IDENTIFIER:
            yield f"[\\'{token.text}\\']"
        elif _is_name(token):
            yield f".{token.text}"
        elif token.token_type != TokenType.DOT:
            yield token.text
