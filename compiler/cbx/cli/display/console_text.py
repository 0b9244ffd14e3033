"""Prints text to a console of Rich, on a terminal as lines that end between words."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.text import Text

from cbx.cli.display.terminal_text import wrap_words

_NO_WIDTH = 1_000_000
"""The width of what is not a terminal: nothing is shortened, wrapped or left out."""


def open_console(stream: TextIO) -> Console:
    """A console for a stream; lines in a file have any length."""
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, width=_NO_WIDTH, highlight=False)


def console_width(console: Console) -> int | None:
    """The width of a console's terminal; None if it is none."""
    return console.width if console.is_terminal else None


def print_words(console: Console, text: str, indent: str = "", style: str = "", mark: str = "") -> None:
    """Print a text, on a terminal as lines that end between words.

    Args:
        console: The console.
        text: The text, without line breaks and markup.
        indent: What the lines after the first start with.
        style: Its style.
        mark: The start of the text that has the style; the whole text if it is empty.
    """
    for number, line in enumerate(wrap_words(text, console_width(console), indent)):
        shown = Text(line)
        if style and (number == 0 or not mark):
            shown.stylize(style, 0, len(mark) or len(line))
        print_plain(console, shown)


def print_plain(console: Console, line: Text) -> None:
    """Print a line as it is, also where it is wider than the terminal."""
    console.print(line, soft_wrap=True, highlight=False)
