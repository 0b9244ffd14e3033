"""Parameters in SQL statements.

Databricks replaces ``${key}`` in the whole text before it parses it (the page "Use parameters with pipelines"), so a
parameter may be any part of a statement. ``SET`` applies to the statements after it.
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

from cbx.diagnostics.codes import INVALID_STATEMENT
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.runtime.errors import RunError

Lookup = Callable[[str], str | None]
"""The value of a parameter by its key; None if it has none."""

_PARAMETER: Final = re.compile(r"\$\{\s*(?:(?:spark|sparkconf|hiveconf|hivevar):)?([A-Za-z_][\w.-]*)\s*\}")
_DEPTH: Final = 10
"""How deep values may contain other parameters."""


@dataclass(frozen=True, slots=True)
class SqlText:
    """A text of SQL with its parameters replaced, and where it is in its file.

    Attributes:
        text: The text with its parameters replaced.
        original: The text as it is in the file.
        pieces: The start and end of each parameter in ``text``, and in ``original``.
        path: The file; None for a text without one, such as ``schema=``.
        first_line: The number of the line in the file at which the text starts.
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

    def span(self, start: int, end: int | None = None) -> Span | None:
        """The span in the file of a range of ``text``; of the parameter for what is in the value of one.

        Args:
            start: The offset of the first character.
            end: The offset after the last character; None for one character.
        """
        if self.path is None:
            return None
        first = self._original_offset(start, is_end=False)
        last = max(self._original_offset(start if end is None else end - 1, is_end=True), first + 1)
        span = SourceFile(str(self.path), self.original).span(first, last)
        above = self.first_line - 1
        return Span(
            span.path,
            span.line + above,
            span.column + self.indent,
            span.end_line + above,
            span.end_column + self.indent,
        )

    def _original_offset(self, offset: int, *, is_end: bool) -> int:
        """The offset in ``original`` of a character of ``text``, or the offset after it."""
        moved = 0
        for start, end, original_start, original_end in self.pieces:
            if offset < start:
                break
            if offset < end:
                return original_end if is_end else original_start
            moved = original_end - end
        return offset + moved + is_end


def replace_parameters(sql: SqlText, lookup: Lookup) -> SqlText:
    """Replace every ``${key}``, except in comments.

    Args:
        sql: The text as it is in the file.
        lookup: The configuration of the pipeline.

    Raises:
        RunError: If a parameter has no value.
    """
    parameters = list(_PARAMETER.finditer(sql.original))
    if not parameters:
        return sql
    masked = _PARAMETER.sub(lambda parameter: "x" * len(parameter[0]), sql.original)
    tokens = _tokens_or_none(masked)
    settings = _settings(sql.original, tokens or [])
    pieces, parts, position, length = [], [], 0, 0
    for parameter in parameters:
        start, end = parameter.span()
        if tokens is not None and not any(token.start <= start <= token.end for token in tokens):
            continue
        value = _value(parameter[1], start, settings, lookup)
        if value is None:
            raise RunError(
                INVALID_STATEMENT,
                f"the parameter `{parameter[0]}` has no value",
                span=sql.span(start, end),
                hint=f"set it with --var {parameter[1]}=..., or with SET {parameter[1]} = ... before it",
            )
        parts += [sql.original[position:start], value]
        length += start - position
        pieces.append((length, length + len(value), start, end))
        length += len(value)
        position = end
    text = "".join((*parts, sql.original[position:]))
    return SqlText(text, sql.original, tuple(pieces), sql.path, sql.first_line, sql.indent)


def replace_known_parameters(text: str, lookup: Lookup) -> str:
    """Replace the parameters of a text for ``spark.sql`` that have a value, and leave the others to Spark."""

    def value(parameter: re.Match[str]) -> str:
        replacement = _value(parameter[1], 0, [], lookup)
        return parameter[0] if replacement is None else replacement

    return _PARAMETER.sub(value, text)


def _value(key: str, offset: int, settings: list[tuple[int, str, str]], lookup: Lookup) -> str | None:
    earlier = [value for end, name, value in settings if name == key and end < offset]
    value = earlier[-1] if earlier else lookup(key)
    for _ in range(_DEPTH):
        if value is None or not _PARAMETER.search(value):
            return value
        value = _PARAMETER.sub(lambda inner: lookup(inner[1]) or inner[0], value)
    return value


def _settings(text: str, tokens: list[Token]) -> list[tuple[int, str, str]]:
    """Each ``SET key = value`` of a text, with the offset after it."""
    settings = []
    for statement in split_statements(tokens):
        if statement[0].text.upper() == "SET" and len(statement) > 1:
            written = text[statement[1].start : statement[-1].end + 1]
            key, equals, value = written.partition("=")
            if equals:
                settings.append((statement[-1].end, key.strip().strip("`"), value.strip()))
    return settings


def split_statements(tokens: list[Token]) -> list[list[Token]]:
    """The statements of a text, which semicolons separate."""
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
        raise RunError(INVALID_STATEMENT, "invalid SQL: a quote or a comment is not closed", span=sql.span(offset))
    return tokens


def _tokens_or_none(text: str) -> list[Token] | None:
    try:
        return sqlglot.tokenize(text, dialect="databricks")
    except SqlglotError:
        return None
