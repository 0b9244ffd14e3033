"""Finds tables with options in queries, as in ``STREAM(orders WITH ('skipChangeCommits' = 'true'))``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot.tokenizer_core import Token, TokenType

from cbx.runtime.names import DatasetName
from cbx.runtime.sql.edits import closing_bracket, query_tokens, split_at_commas, with_stream

_NAMES: Final = (TokenType.VAR, TokenType.IDENTIFIER)
_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class TableWithOptions:
    """A table with options.

    Attributes:
        name: The table.
        is_stream: Whether it is read as a stream.
        options: The options of the reader.
        start: The offset of its first character, ``STREAM`` included.
        end: The offset after its last one.
        has_alias: Whether an alias follows.
    """

    name: DatasetName
    is_stream: bool
    options: Mapping[str, str]
    start: int
    end: int
    has_alias: bool


def tables_with_options(query: str) -> list[TableWithOptions]:
    """The tables of a query that have options, in their order."""
    tokens = query_tokens(query) if "with" in query.lower() else ()
    return list(_tables(tokens))


def _tables(tokens: Sequence[Token]) -> Iterator[TableWithOptions]:
    for number in range(1, len(tokens) - 1):
        is_clause = tokens[number].token_type == TokenType.WITH and tokens[number + 1].token_type == TokenType.L_PAREN
        closing = closing_bracket(tokens, number + 1) if is_clause else None
        name = tokens[_first_of_name(tokens, number) : number]
        options = {} if closing is None else _options(tokens[number + 2 : closing])
        if closing is not None and name and options:
            first, last = with_stream(tokens, number - len(name), closing)
            parts = [token.text for token in name[::2]]
            after = tokens[last + 1].token_type if last + 1 < len(tokens) else None
            yield TableWithOptions(
                DatasetName.of(parts[-_PARTS:]),
                first != number - len(name),
                options,
                tokens[first].start,
                tokens[last].end + 1,
                after in (*_NAMES, TokenType.ALIAS),
            )


def _first_of_name(tokens: Sequence[Token], after: int) -> int:
    """The number of the first token of the dotted name that ends before a token."""
    if tokens[after - 1].token_type not in _NAMES and not tokens[after - 1].text.isidentifier():
        return after
    first = after - 1
    while first > 1 and tokens[first - 1].token_type == TokenType.DOT:
        first -= 2
    return first


def _options(tokens: Sequence[Token]) -> dict[str, str]:
    """The options between brackets; none if they are anything else."""
    items = [[token for token in item if token.token_type != TokenType.EQ] for item in split_at_commas(tokens)]
    is_valid = all(len(item) == 2 and item[0].token_type in (*_NAMES, TokenType.STRING) for item in items)
    return {name.text: value.text for name, value in items} if is_valid else {}
