"""Databricks SQL as sqlglot reads and writes it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.generator import Generator
    from sqlglot.parser import Parser
    from sqlglot.tokens import Tokenizer

DIALECT = "databricks"


def read_sql(sql: str) -> list[exp.Expr | None]:
    """The trees of statements.

    Raises:
        sqlglot.errors.SqlglotError: If it does not parse.
        RecursionError: If it is nested too deeply.
    """
    tokenizer, parser, _ = _databricks()
    return parser.parse(tokenizer.tokenize(sql), sql)


def read_first(sql: str) -> exp.Expr:
    """The tree of the first statement; raises as `read_sql` does, and where there is none."""
    from sqlglot.errors import ParseError

    found = read_sql(sql)
    if not found or found[0] is None:
        raise ParseError("there is no statement")
    return found[0]


def read_type(written: str) -> exp.Expr | None:
    """The tree of a type; raises as `read_sql` does."""
    from sqlglot import exp

    tokenizer, parser, _ = _databricks()
    return parser.parse_into(exp.DataType, tokenizer.tokenize(written), written)[0]


def write_sql(tree: exp.Expr) -> str:
    """A tree as SQL."""
    return _databricks()[2].generate(tree)


@cache
def _databricks() -> tuple[Tokenizer, Parser, Generator]:
    """Made once: sqlglot makes them anew for each text, which is a third of the time of a short one."""
    from sqlglot.dialects.databricks import Databricks

    dialect = Databricks()
    return dialect.tokenizer(), dialect.parser(), dialect.generator()
