"""Changes of a text that leave everything else as it is: formatting, comments, quotes."""

from __future__ import annotations

import tokenize
from collections.abc import Iterable
from typing import NamedTuple

from cbx.importing.reading.comments import python_tokens


class TextEdit(NamedTuple):
    """The replacement of a range of characters."""

    start: int
    end: int
    text: str


def apply_edits(text: str, start: int, end: int, edits: Iterable[TextEdit]) -> str:
    """A part of a text with its changes; those in a changed range are ignored.

    Args:
        text: The text of the file.
        start: The offset at which the part starts.
        end: The offset after it.
        edits: The changes, by offsets in the file.
    """
    pieces: list[str] = []
    position = start
    for edit in sorted(edits):
        if edit.start >= position and edit.end <= end:
            pieces += (text[position : edit.start], edit.text)
            position = edit.end
    return "".join((*pieces, text[position:end]))


def lines_in_texts(text: str) -> frozenset[int]:
    """The numbers, from 1, of the lines that begin inside a text of several lines; their indentation is content."""
    inside: set[int] = set()
    opened: int | None = None
    for token in python_tokens(text):
        name = tokenize.tok_name[token.type]
        if name == "STRING" and token.start[0] < token.end[0]:
            inside |= set(range(token.start[0] + 1, token.end[0] + 1))
        elif name == "FSTRING_START":
            opened = token.start[0] if opened is None else opened
        elif name == "FSTRING_END" and opened is not None:
            inside |= set(range(opened + 1, token.end[0] + 1))
            opened = None
    return frozenset(inside)


def dedent(text: str, count: int) -> str:
    """A text with fewer spaces before each line, except before those inside of texts of several lines."""
    if not count:
        return text
    kept = lines_in_texts(text)
    lines = text.split("\n")
    return "\n".join(
        line if number in kept or line[:count].strip() else line[count:] for number, line in enumerate(lines, 1)
    )
