"""Source files and spans in them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple


def as_text(content: bytes, errors: str = "strict") -> str:
    """Decode a UTF-8 file, with line feeds as line endings.

    Raises:
        UnicodeDecodeError: If it is not UTF-8.
    """
    return content.decode("utf-8-sig", errors).replace("\r\n", "\n").replace("\r", "\n")


class Span(NamedTuple):
    """A range in a file. Lines and columns count from 1, columns in characters; the end is exclusive."""

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 2

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Lines(NamedTuple):
    """The offsets at which the lines of a file start: all that is needed to turn an offset into a line and column."""

    path: str
    starts: tuple[int, ...]
    length: int

    @classmethod
    def of(cls, path: str, text: str) -> Lines:
        """The lines of a text."""
        return cls(path, (0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1])), len(text))

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column, from 1, of a character offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from offset ``start`` up to, not including, ``end``; at least one character."""
        return Span(self.path, *self.position(start), *self.position(max(start + 1, end)))


@dataclass(frozen=True)
class SourceFile:
    """A text file of the project; its path is relative to the project, with forward slashes."""

    path: str
    text: str

    @cached_property
    def lines(self) -> Lines:
        """The offsets of its lines."""
        return Lines.of(self.path, self.text)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line break; empty after the end."""
        starts = self.lines.starts
        if not 1 <= number <= len(starts):
            return ""
        start = starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end != -1 else None].rstrip("\r")

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column, from 1, of a character offset."""
        return self.lines.position(offset)

    def offset(self, line: int, column: int) -> int:
        """The character offset of a line and column, both from 1."""
        return self.lines.starts[line - 1] + column - 1

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from offset ``start`` up to, not including, ``end``; at least one character."""
        return self.lines.span(start, end)

    def whole_line(self, number: int) -> Span:
        """The span of a line, without the white space around it."""
        text = self.line(number)
        stripped = text.strip()
        column = len(text) - len(text.lstrip()) + 1
        return Span(self.path, number, column, number, column + max(len(stripped), 1))

    def start(self) -> Span:
        """The span of the first character, for diagnostics of the whole file."""
        return Span(self.path)
