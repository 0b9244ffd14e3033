"""The cells of notebooks and plain files, with their magic commands.

The source format is described on the Databricks page "Export and import Databricks notebooks".
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Final

FIRST_LINES: Final = ("# Databricks notebook source", "-- Databricks notebook source")

_SEPARATOR: Final = re.compile(r"^(?:#|--) COMMAND -{10,}\s*$")
_MAGIC: Final = re.compile(r"^(?:#|--) MAGIC ?(.*)$")


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """A cell of a notebook, or a plain file.

    Attributes:
        line: The number of its first line in the file.
        text: Its text; that of a magic cell without prefixes and with blanks instead of the command.
        magic: The magic command that it starts with, such as ``%sql``; None if there is none.
        indent: How many characters the file has before each line of the text.
        lines: The number in the file of each line of the text, if they do not follow each other.
    """

    line: int
    text: str
    magic: str | None = None
    indent: int = 0
    lines: tuple[int, ...] = ()

    @property
    def code_line(self) -> int:
        """The number in the file of the first line that is not blank."""
        blank = len(self.text) - len(self.text.lstrip("\n"))
        return self.lines[min(blank, len(self.lines) - 1)] if self.lines else self.line + blank


def cells(text: str) -> tuple[NotebookCell, ...]:
    """The cells of a notebook in the source format; a plain file is one cell.

    Separators of SQL cells count in a file without the first line of a notebook, too, since such files are published.

    Args:
        text: The file's text.
    """
    lines = text.removesuffix("\n").split("\n")
    is_notebook = lines[0].strip() in FIRST_LINES
    starts = [index for index, line in enumerate(lines) if _SEPARATOR.match(line)]
    if not is_notebook and not any(lines[start].startswith("--") for start in starts):
        return (NotebookCell(1, text),)
    bounds = [0 if is_notebook else -1, *starts, len(lines)]
    return tuple(_source_cell(first + 2, lines[first + 1 : end]) for first, end in itertools.pairwise(bounds))


def _source_cell(line: int, lines: list[str]) -> NotebookCell:
    first = next((text for text in lines if text.strip() and not text.startswith(("-- DBTITLE", "# DBTITLE"))), "")
    match = _MAGIC.match(first)
    if match is None or not match[1].startswith("%"):
        return NotebookCell(line, "\n".join(lines) + "\n")
    matches = (_MAGIC.match(text) for text in lines)
    inside = "\n".join(match[1] if match else "" for match in matches)
    return magic_cell(line, inside, indent=match.start(1))


def magic_cell(line: int, text: str, *, indent: int, lines: tuple[int, ...] = ()) -> NotebookCell:
    """A cell whose text may start with a magic command.

    Args:
        line: The number of its first line in the file.
        text: Its text, with the command.
        indent: How many characters the file has before each line of the text.
        lines: The number in the file of each line of the text, if they do not follow each other.
    """
    command = text.split(maxsplit=1)[0] if text.lstrip().startswith("%") else None
    code = text if command is None else text.replace(command, " " * len(command), 1)
    return NotebookCell(line, code, command, indent, lines)
