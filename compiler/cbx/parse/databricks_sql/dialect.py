"""Databricks SQL as sqlglot reads and writes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.generator import Generator
    from sqlglot.parser import Parser
    from sqlglot.tokens import Tokenizer

DIALECT = "databricks"


def read_sql(sql: str) -> list[exp.Expr | None]:
    """The trees of statements; None for an empty statement.

    Raises:
        sqlglot.errors.SqlglotError: If it does not parse.
        RecursionError: If it is nested too deeply.
    """
    from sqlglot.errors import ParseError

    from cbx.parse.databricks_sql.spark_tokens import adapt_tokens

    tokenizer, parser, _ = _databricks()
    try:
        return parser.parse(adapt_tokens(tokenizer.tokenize(sql)), sql)
    except (LookupError, ValueError) as error:
        # Raised for functions with missing arguments, such as `map(a)`.
        raise ParseError("a function has too few arguments") from error


def tokens_of(sql: str) -> list[str]:
    """The texts of a query's tokens, without those in quotes.

    Raises:
        sqlglot.errors.SqlglotError: If a quote or a comment is never closed.
    """
    from sqlglot.tokenizer_core import TokenType

    quoted = {TokenType.STRING, TokenType.IDENTIFIER, TokenType.RAW_STRING}
    return [token.text for token in _databricks()[0].tokenize(sql) if token.token_type not in quoted]


def read_statements(sql: str) -> list[exp.Expr]:
    """The trees of the statements that are not empty; raises as `read_sql` does."""
    from sqlglot import exp

    return [tree for tree in read_sql(sql) if tree is not None and not isinstance(tree, exp.Semicolon)]


def read_one(sql: str) -> exp.Expr:
    """The tree of a single statement without a semicolon; raises as `read_sql` does, and a `ParseError` otherwise."""
    return only(read_sql(sql))


def only(trees: Sequence[exp.Expr | None]) -> exp.Expr:
    """The single tree of a list; raises `sqlglot.errors.ParseError` if there is none or more."""
    from sqlglot.errors import ParseError

    if len(trees) != 1 or trees[0] is None:
        raise ParseError("it is not one")
    return trees[0]


def write_sql(tree: exp.Expr) -> str:
    """A tree as SQL."""
    return _databricks()[2].generate(tree)


@cache
def _databricks() -> tuple[Tokenizer, Parser, Generator]:
    """Created once, for one thread: creating them takes a third of the time of a short text."""
    from sqlglot.dialects.databricks import Databricks

    dialect = Databricks()
    return dialect.tokenizer(), dialect.parser(), dialect.generator()
