"""Text as a terminal shows it: its width, lines that end between words, and characters that are safe to print."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable
from typing import TextIO

_CONTROLS = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode categories of characters that control a terminal, change the direction of text, or break lines."""
MORE = "..."
"""The mark of a text that is not shown as a whole."""
_NARROWEST = 40
"""A terminal that is narrower breaks lines itself."""


def terminal_width(stream: TextIO) -> int | None:
    """The width of the terminal that a stream is, in cells; None if it is none."""
    if not stream.isatty():
        return None
    given = os.environ.get("COLUMNS", "")
    try:
        width = int(given) if given.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return None
    return width if width >= _NARROWEST else None


def replace_controls(text: str) -> str:
    """A text of the user that is safe for a terminal: without control characters and marks of text direction."""
    expanded = text.replace("\t", "    ")
    if expanded.isascii() and expanded.isprintable():
        return expanded
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in _CONTROLS else character
        for character in expanded
    )


def text_width(text: str) -> int:
    """The width of a text on a terminal, in cells."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def wrap_words(text: str, width: int | None, indent: str = "") -> list[str]:
    """A text as lines that end between words; a word that is wider than the terminal is not broken.

    Args:
        text: The text; each of its lines is wrapped for itself.
        width: The width of the terminal; None for the lines as they are.
        indent: What further lines start with.
    """
    if "\n" in text:
        return [line for part in text.split("\n") for line in wrap_words(part, width, indent)]
    if width is None or text_width(text) <= width:
        return [text]
    first, *words = _split_words(text, width - text_width(indent))
    lines = [first]
    for word in words:
        if text_width(lines[-1]) + 1 + text_width(word) <= width or not lines[-1].strip():
            lines[-1] += f" {word}"
        else:
            lines.append(indent + word)
    return lines


def _split_words(text: str, most: int) -> list[str]:
    """The words of a text; one in backquotes, such as a command, is a word if there is room for it."""
    words: list[str] = []
    is_open = False
    for word in text.split(" "):
        if is_open and text_width(words[-1]) + 1 + text_width(word) <= most:
            words[-1] += f" {word}"
        else:
            words.append(word)
        is_open = words[-1].count("`") % 2 == 1
    return words


def print_wrapped(text: str, indent: str = "", stream: TextIO | None = None) -> None:
    """Print a text, on a terminal as lines that end between words.

    Args:
        text: The text, without line breaks.
        indent: What the lines after the first start with.
        stream: Where to print; None for the standard output.
    """
    stream = stream or sys.stdout
    print("\n".join(wrap_words(text, terminal_width(stream), indent)), file=stream)


def cut_text(text: str, length: int) -> str:
    """A text of at most as many characters; the mark of a shortened text ends it if it was longer."""
    return text if len(text) <= length else text[: length - len(MORE)] + MORE


def cut_start(text: str, width: int) -> str:
    """As much of the end of a text as fits into a width."""
    return _take(reversed(text), width)[::-1]


def cut_end(text: str, width: int) -> str:
    """As much of the start of a text as fits into a width."""
    return _take(text, width)


def _take(characters: Iterable[str], width: int) -> str:
    taken = ""
    for character in characters:
        width -= _cells(character)
        if width < 0:
            break
        taken += character
    return taken


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
