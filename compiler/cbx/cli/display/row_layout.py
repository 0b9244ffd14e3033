"""Lays out rows for a terminal of any width: no column is left out, and no word is broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.text import Text

from cbx.cli.display.terminal_text import replace_controls, text_width, wrap_words

_EDGE, _GAP = " ", "   "
_SIDE_GAP, _SIDE_INDENT = "  ", "    "


class RowColumn(NamedTuple):
    """A column: its name, and whether its values end at the same place, as numbers do."""

    name: str
    is_number: bool


def lay_out_rows(
    columns: Sequence[RowColumn], rows: Sequence[Sequence[str | None]], width: int | None, first: int = 1
) -> Iterator[Text]:
    """A table with a line per row; where a terminal has no room for all columns, a line per column of each row.

    Args:
        columns: The columns.
        rows: The texts of the values; None for NULL.
        width: The width of the terminal; None if there is none, and lines have any length.
        first: The number of the first row.
    """
    names = [replace_controls(column.name) for column in columns]
    cells = [[_LaidCell.of(value) for value in row] for row in rows]
    widths = _share_width(names, cells, width)
    if widths is None:
        assert width is not None  # noqa: S101 - without a width there is room for all columns
        for number, row in enumerate(cells, start=first):
            yield from _sideways(names, row, number, width)
        yield Text()
        return
    numbers = [column.is_number for column in columns]
    yield Text()
    yield _join([_pad(name, widths[place], numbers[place]) for place, name in enumerate(names)], ["bold"] * len(names))
    yield Text(_EDGE + "─" * (sum(widths) + len(_GAP) * (len(widths) - 1)))
    for row in cells:
        styles = [cell.style for cell in row]
        wrapped = [cell.wrap(widths[place] if width else None) for place, cell in enumerate(row)]
        for height in range(max(map(len, wrapped), default=0)):
            parts = [lines[height] if height < len(lines) else "" for lines in wrapped]
            yield _join([_pad(part, widths[place], numbers[place]) for place, part in enumerate(parts)], styles)
    yield Text()


class _LaidCell(NamedTuple):
    """The lines of a value, and their style."""

    lines: tuple[str, ...]
    style: str

    @classmethod
    def of(cls, value: str | None) -> _LaidCell:
        if value is None:
            return cls(("NULL",), "dim")
        return cls(tuple(map(replace_controls, value.split("\n"))), "")

    @property
    def width(self) -> int:
        return max(map(text_width, self.lines))

    @property
    def longest_word(self) -> int:
        return max(_longest_word(line) for line in self.lines)

    def wrap(self, width: int | None) -> list[str]:
        return [part for line in self.lines for part in wrap_words(line, width)]


def _longest_word(text: str) -> int:
    return max(map(text_width, text.split(" ")))


def _share_width(names: Sequence[str], rows: Sequence[Sequence[_LaidCell]], width: int | None) -> list[int] | None:
    """The width of each column, at least that of its longest word; None if the terminal has no room for that.

    Columns that need little more for whole values get it first.
    """
    columns = [[row[place] for row in rows] for place in range(len(names))]
    most = [
        max([text_width(name), *(cell.width for cell in column)]) for name, column in zip(names, columns, strict=True)
    ]
    if width is None:
        return most
    free = width - len(_EDGE) - len(_GAP) * (len(names) - 1)
    if sum(most) <= free:
        return most
    least = [
        max([text_width(name), *(cell.longest_word for cell in column)])
        for name, column in zip(names, columns, strict=True)
    ]
    if sum(least) > free:
        return None if rows else most
    widths = list(least)
    rest = free - sum(widths)
    for place in sorted(range(len(names)), key=lambda place: most[place] - least[place]):
        more = min(most[place] - widths[place], rest)
        widths[place] += more
        rest -= more
    return widths


def _sideways(names: Sequence[str], row: Sequence[_LaidCell], number: int, width: int) -> Iterator[Text]:
    """A row with a line per column; the value is below the name where there is no room beside it."""
    title = f"row {number} "
    yield Text(title + "─" * (width - len(title)), style="dim")
    name_width = max(map(text_width, names))
    indent = " " * (name_width + len(_SIDE_GAP))
    for name, cell in zip(names, row, strict=True):
        is_beside = len(indent) + cell.longest_word <= width
        if not is_beside:
            yield Text(name, style="bold")
        start = indent if is_beside else _SIDE_INDENT
        for place, line in enumerate(cell.wrap(width - len(start))):
            head = _pad(name, len(start), is_number=False) if is_beside and place == 0 else start
            text = Text(head, style="bold" if is_beside else "")
            yield text.append(line, f"not bold {cell.style}")


def _join(parts: Sequence[str], styles: Sequence[str]) -> Text:
    line = Text(_EDGE)
    for place, (part, style) in enumerate(zip(parts, styles, strict=True)):
        line.append(f"{_GAP if place else ''}{part}", style)
    line.rstrip()
    return line


def _pad(text: str, width: int, is_number: bool) -> str:
    space = " " * max(width - text_width(text), 0)
    return space + text if is_number else text + space
