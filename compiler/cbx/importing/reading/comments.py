"""The comments of source files."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from cbx.diagnostics.sql_comments import comment_ranges
from cbx.importing.reading.source_text import SourceText, is_notebook_mark


class Comment(NamedTuple):
    """A comment: its line and offset in the file or cell, and its text without the sign."""

    line: int
    offset: int
    text: str


def find_python_comments(text: str) -> Iterator[Comment]:
    """The comments of a Python file, without the marks of notebooks."""
    starts = [0]
    for written in text.split("\n"):
        starts.append(starts[-1] + len(written) + 1)
    for token in python_tokens(text):
        if token.type == tokenize.COMMENT and not is_notebook_mark(token.line):
            line, column = token.start
            yield Comment(line, starts[line - 1] + column, token.string.removeprefix("#").removeprefix(" "))


def python_tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens of a Python file, up to what is not valid."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return


def find_sql_comments(text: str) -> Iterator[Comment]:
    """The lines of the comments of a SQL file or cell, without the marks of notebooks; the offset is of the first."""
    line, position = 1, 0
    for start, end in comment_ranges(text):
        line, position = line + text.count("\n", position, start), start
        for number, written in enumerate(_lines_of_comment(text[start:end])):
            yield Comment(line + number, start, written)


def _lines_of_comment(comment: str) -> list[str]:
    if comment.startswith("--"):
        return [] if is_notebook_mark(comment) else [comment.removeprefix("--").strip()]
    inside = comment.removeprefix("/*").removesuffix("*/")
    return [line.strip().lstrip("*").strip() for line in inside.strip().split("\n")]


def find_comments(source: SourceText) -> Iterator[tuple[int, str]]:
    """The line and the text of each comment of a source file in Python or SQL, of all its cells."""
    yield from ((comment.line, comment.text.strip()) for comment in find_python_comments(source.python))
    for cell in source.cells:
        if cell.language == "sql":
            yield from ((cell.line + comment.line - 1, comment.text) for comment in find_sql_comments(cell.text))
