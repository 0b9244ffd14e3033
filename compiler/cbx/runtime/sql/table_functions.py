"""Finds functions in queries that read files or streaming services (the Databricks pages of these names).

The calls are found in the tokens of a query, so that they are found in queries that sqlglot cannot parse, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot.tokenizer_core import Token, TokenType

from cbx.runtime.sql.edits import closing_bracket, query_tokens, split_at_commas, with_stream

READ_FILES: Final = "read_files"
CLOUD_FILES: Final = "cloud_files"
SERVICES: Final = {
    "read_kafka": "kafka",
    "read_kinesis": "kinesis",
    "read_pubsub": "pubsub",
    "read_pulsar": "pulsar",
}
"""The functions that read services, with the formats of their readers."""

_NAMES: Final = (READ_FILES, CLOUD_FILES, *SERVICES)


@dataclass(frozen=True, slots=True)
class FunctionArgument:
    """An argument of a call.

    Attributes:
        name: The name before ``=>``; None for an argument without one.
        expression: The text of its value.
        start: The offset of its first character in the query.
    """

    name: str | None
    expression: str
    start: int


@dataclass(frozen=True, slots=True)
class TableFunction:
    """A call that reads files or a service.

    Attributes:
        name: The function, in lower case.
        is_stream: Whether it is read as a stream.
        arguments: Its arguments.
        start: The offset of its first character, ``STREAM`` included.
        end: The offset after its last one.
    """

    name: str
    is_stream: bool
    arguments: tuple[FunctionArgument, ...]
    start: int
    end: int


def table_functions(query: str) -> list[TableFunction]:
    """The calls of a query that read files or services, in their order.

    Example:
        ``SELECT * FROM STREAM read_files('landing', format => 'json') AS new`` has one call with two arguments, from
        ``STREAM`` to the closing bracket.
    """
    lowered = query.lower()
    if not any(name in lowered for name in _NAMES):
        return []
    return list(_calls(query, query_tokens(query)))


def _calls(query: str, tokens: Sequence[Token]) -> Iterator[TableFunction]:
    for number, token in enumerate(tokens[:-1]):
        name = token.text.lower()
        if name not in _NAMES or tokens[number + 1].token_type != TokenType.L_PAREN:
            continue
        closing = closing_bracket(tokens, number + 1)
        if closing is not None:
            arguments = tuple(_argument(query, part) for part in split_at_commas(tokens[number + 2 : closing]))
            first, last = with_stream(tokens, number, closing)
            is_stream = first != number or name == CLOUD_FILES
            yield TableFunction(name, is_stream, arguments, tokens[first].start, tokens[last].end + 1)


def _argument(query: str, tokens: Sequence[Token]) -> FunctionArgument:
    is_named = len(tokens) > 2 and tokens[1].token_type == TokenType.FARROW
    value = tokens[2:] if is_named else tokens
    expression = query[value[0].start : value[-1].end + 1]
    return FunctionArgument(tokens[0].text if is_named else None, expression, tokens[0].start)
