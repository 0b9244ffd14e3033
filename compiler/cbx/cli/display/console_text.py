"""Prints text to a console of Rich, on a terminal as lines that end between words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from cbx.cli.display.terminal_text import wrap_words

if TYPE_CHECKING:
    from rich.console import Console


def console_width(console: Console) -> int | None:
    """The width of a console's terminal; None if it is none."""
    return console.width if console.is_terminal else None


def print_words(console: Console, text: str, indent: str = "", style: str = "") -> None:
    """Print a text, on a terminal as lines that end between words.

    Args:
        console: The console.
        text: The text, without line breaks and markup.
        indent: What the lines after the first start with.
        style: Its style.
    """
    for line in wrap_words(text, console_width(console), indent):
        print_plain(console, Text(line, style=style))


def print_plain(console: Console, line: Text) -> None:
    """Print a line as it is, also where it is wider than the terminal."""
    console.print(line, soft_wrap=True, highlight=False)
