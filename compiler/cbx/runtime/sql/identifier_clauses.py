"""Replaces ``IDENTIFIER(...)`` by the name that its argument gives (the Databricks page "IDENTIFIER clause")."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from cbx.runtime.sql.edits import Edit, apply_edits, closing_bracket, query_tokens


def replace_identifiers(query: str, evaluate: Callable[[str], object]) -> str:
    """Replace the clauses of a query whose arguments are constant, and leave the others to Spark.

    Args:
        query: The query.
        evaluate: The value of a constant expression; None if it has none.

    Example:
        ``SELECT * FROM STREAM IDENTIFIER('silver' || '.orders')`` becomes ``SELECT * FROM STREAM silver.orders``.
    """
    if "identifier" not in query.lower():
        return query
    return apply_edits(query, _names(query, query_tokens(query), evaluate))


def _names(query: str, tokens: Sequence[Token], evaluate: Callable[[str], object]) -> Iterator[Edit]:
    for number, token in enumerate(tokens[:-1]):
        is_clause = token.token_type == TokenType.VAR and token.text.upper() == "IDENTIFIER"
        opening = number + 1
        if not is_clause or tokens[opening].token_type != TokenType.L_PAREN:
            continue
        closing = closing_bracket(tokens, opening)
        name = None if closing is None else evaluate(query[tokens[opening].end + 1 : tokens[closing].start])
        if closing is not None and isinstance(name, str):
            yield token.start, tokens[closing].end + 1, name
