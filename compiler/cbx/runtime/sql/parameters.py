"""A text of SQL statements with its parameters replaced, which still knows where each word stands in the file.

Databricks replaces ``${key}`` by the pipeline's configuration in the whole text before it parses it (the page "Use
parameters with pipelines"), so a parameter may be a part of a name, a literal or any other piece of a statement. What
``SET`` says counts for the statements behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from cbx.runtime.problems import Place, RunError

Lookup = Callable[[str], str | None]
"""From the key of a parameter to its value, None if it has none."""

_PARAMETER: Final = re.compile(r"\$\{\s*(?:(?:spark|sparkconf|hiveconf|hivevar):)?([A-Za-z_][\w.-]*)\s*\}")
_DEPTH: Final = 10
"""How often a value may name another parameter; Spark stops somewhere too."""


@dataclass(frozen=True, slots=True)
class SqlText:
    """A text of SQL, as it is read and as it is written in its file.

    Attributes:
        text: The text with its parameters replaced.
        original: The text as the file has it.
        pieces: Where each replaced parameter stands: its start and end in ``text``, and in ``original``.
        path: The file; None for a text without one, such as ``schema=``.
        first_line: The line of the file at which the text starts.
        indent: How many characters the file has before each line of the text.
    """

    text: str
    original: str
    pieces: tuple[tuple[int, int, int, int], ...] = ()
    path: Path | None = None
    first_line: int = 1
    indent: int = 0

    @classmethod
    def plain(cls, text: str, path: Path | None = None, first_line: int = 1, indent: int = 0) -> SqlText:
        """A text without parameters."""
        return cls(text, text, (), path, first_line, indent)

    def place(self, offset: int) -> Place | None:
        """Where a character of ``text`` stands in the file; one of a parameter's value, where the parameter does."""
        if self.path is None:
            return None
        moved = 0
        for start, end, original_start, original_end in self.pieces:
            if offset < start:
                break
            if offset < end:
                offset, moved = original_start, 0
                break
            moved = original_end - end
        before = self.original[: offset + moved]
        line_start = before.rfind("\n") + 1
        return Place(self.path, self.first_line + before.count("\n"), len(before) - line_start + 1 + self.indent)


def replace_parameters(sql: SqlText, lookup: Lookup) -> SqlText:
    """The text with every ``${key}`` replaced.

    Args:
        sql: The text as the file has it.
        lookup: The configuration of the pipeline.

    Raises:
        RunError: If a parameter has no value. One in a comment is left alone.
    """
    found = list(_PARAMETER.finditer(sql.original))
    if not found:
        return sql
    masked = _PARAMETER.sub(lambda parameter: "x" * len(parameter[0]), sql.original)
    tokens = _tokens_or_none(masked)
    settings = _settings(sql.original, tokens or [])
    pieces, parts, position, length = [], [], 0, 0
    for parameter in found:
        start, end = parameter.span()
        if tokens is not None and not any(token.start <= start <= token.end for token in tokens):
            continue
        value = _value(parameter[1], start, settings, lookup)
        if value is None:
            raise RunError(
                f"the parameter `{parameter[0]}` has no value",
                place=sql.place(start),
                hint=f"give it one with --var {parameter[1]}=..., or with SET {parameter[1]} = ... before it",
            )
        parts += [sql.original[position:start], value]
        length += start - position
        pieces.append((length, length + len(value), start, end))
        length += len(value)
        position = end
    text = "".join((*parts, sql.original[position:]))
    return SqlText(text, sql.original, tuple(pieces), sql.path, sql.first_line, sql.indent)


def replace_known_parameters(text: str, lookup: Lookup) -> str:
    """A text for ``spark.sql`` with the parameters replaced that have a value; Spark judges the others."""

    def value(parameter: re.Match[str]) -> str:
        found = _value(parameter[1], 0, [], lookup)
        return parameter[0] if found is None else found

    return _PARAMETER.sub(value, text)


def _value(key: str, offset: int, settings: list[tuple[int, str, str]], lookup: Lookup) -> str | None:
    earlier = [value for place, name, value in settings if name == key and place < offset]
    value = earlier[-1] if earlier else lookup(key)
    for _ in range(_DEPTH):
        if value is None or not _PARAMETER.search(value):
            return value
        value = _PARAMETER.sub(lambda inner: lookup(inner[1]) or inner[0], value)
    return value


def _settings(text: str, tokens: list[Token]) -> list[tuple[int, str, str]]:
    """What each ``SET key = value`` of a text says, with the offset behind it."""
    found = []
    for statement in split_statements(tokens):
        if statement[0].text.upper() == "SET" and len(statement) > 1:
            written = text[statement[1].start : statement[-1].end + 1]
            key, equals, value = written.partition("=")
            if equals:
                found.append((statement[-1].end, key.strip().strip("`"), value.strip()))
    return found


def split_statements(tokens: list[Token]) -> list[list[Token]]:
    """The statements of a text, apart at semicolons."""
    statements: list[list[Token]] = [[]]
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            statements.append([])
        else:
            statements[-1].append(token)
    return [statement for statement in statements if statement]


def tokenize(sql: SqlText) -> list[Token]:
    """The tokens of a text.

    Raises:
        RunError: If a quote or a comment is not closed.
    """
    tokens = _tokens_or_none(sql.text)
    if tokens is None:
        lines = sql.text.splitlines(keepends=True)
        whole = [count for count in range(len(lines)) if _tokens_or_none("".join(lines[:count])) is not None]
        offset = len("".join(lines[: whole[-1]]))
        raise RunError("the SQL cannot be read: a quote or a comment is not closed", place=sql.place(offset))
    return tokens


def _tokens_or_none(text: str) -> list[Token] | None:
    try:
        return sqlglot.tokenize(text, dialect="databricks")
    except SqlglotError:
        return None
