"""Lines in columns that never break a name: columns that are empty are left out, and so are those that may be.

Where there is still no room, the cells are below the names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from cbx.cli.display.colours import WARNING
from cbx.cli.display.terminal_text import wrap_words

_GAP = "  "
_INDENT = "    "


class LineColumn(NamedTuple):
    """A column.

    Attributes:
        name: Its head.
        is_number: Whether its cells end at the same place, as numbers do.
        is_optional: Whether it is left out where the lines would be too long; the last of them first.
    """

    name: str
    is_number: bool = False
    is_optional: bool = False


class Line(NamedTuple):
    """A line, and the lines below it.

    Attributes:
        cells: A text for each column.
        notes: A mark and the items after it: ``("dropped", ["valid_email 2", "valid_phone 1"])``.
        style: The style of the line.
    """

    cells: tuple[str, ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    style: str = ""


def aligned_lines(
    columns: Sequence[LineColumn], lines: Sequence[Line], width: int, note_style: str = WARNING.style
) -> Iterator[Text]:
    """The lines of a table, each at most as wide as the terminal, unless a name alone is wider.

    Args:
        columns: The columns; the first has the names.
        lines: The lines.
        width: The width of the terminal, in cells.
        note_style: The style of the marks of the lines below.
    """
    kept = [place for place in range(len(columns)) if place == 0 or any(line.cells[place] for line in lines)]
    widths = {place: max(cell_len(text) for text in _texts(place, columns, lines)) for place in kept}
    optional = [place for place in kept if columns[place].is_optional]
    while _total(kept, widths) > width and optional:
        kept.remove(optional.pop())
    widths[0] = max(min(widths[0], width - (_total(kept, widths) - widths[0])), cell_len(columns[0].name))
    if _total(kept, widths) > width:
        yield from _stack(columns, lines, kept, width, note_style)
        return
    numbers = frozenset(place for place in kept if columns[place].is_number)
    head = _join(kept, [column.name for column in columns], widths, numbers)
    yield from (Text(text, style="bold") for text in head)
    for line in lines:
        yield from (Text(text, style=line.style) for text in _join(kept, line.cells, widths, numbers))
        yield from _notes(line, width, note_style)


def _stack(
    columns: Sequence[LineColumn], lines: Sequence[Line], kept: Sequence[int], width: int, note_style: str
) -> Iterator[Text]:
    """The names, with the other cells below them, each after the name of its column, where there is no room beside."""
    for line in lines:
        yield Text(line.cells[0], style=line.style)
        cells = [f"{columns[place].name} {line.cells[place]}".strip() for place in kept[1:] if line.cells[place]]
        if cells:
            text = _INDENT + _GAP.join(cells)
            yield from (Text(part, style=line.style) for part in wrap_words(text, width, _INDENT))
        yield from _notes(line, width, note_style)


def _texts(place: int, columns: Sequence[LineColumn], lines: Sequence[Line]) -> Iterator[str]:
    yield columns[place].name
    yield from (line.cells[place] for line in lines)


def _total(kept: Sequence[int], widths: dict[int, int]) -> int:
    return sum(widths[place] for place in kept) + len(_GAP) * (len(kept) - 1)


def _join(kept: Sequence[int], cells: Sequence[str], widths: dict[int, int], numbers: frozenset[int]) -> Iterator[str]:
    """A line; two lines, the name and the other cells, where the name is longer than its column."""
    name, rest = cells[0], [_pad(cells[place], widths[place], is_number=place in numbers) for place in kept[1:]]
    if cell_len(name) > widths[0]:
        yield name
        name = ""
    line = _GAP.join([_pad(name, widths[0], is_number=False), *rest]).rstrip()
    if line:
        yield line


def _pad(text: str, width: int, *, is_number: bool) -> str:
    space = " " * max(width - cell_len(text), 0)
    return space + text if is_number else text + space


def _notes(line: Line, width: int, style: str) -> Iterator[Text]:
    """The marks and the items after them, which continue on further lines below each other."""
    mark_width = max((cell_len(mark) for mark, _ in line.notes), default=0)
    for mark, items in line.notes:
        first, *more = map(Text, _note_lines(f"{_INDENT}{_pad(mark, mark_width, is_number=False)}{_GAP}", items, width))
        first.stylize(style, len(_INDENT), len(_INDENT) + len(mark))
        yield first
        yield from more


def _note_lines(start: str, items: Sequence[str], width: int) -> Iterator[str]:
    line = start
    for place, item in enumerate(items):
        text = f"{item}, " if place < len(items) - 1 else item
        if line != start and cell_len(line) + cell_len(text.rstrip()) > width:
            yield line.rstrip()
            line = " " * len(start)
        line += text
        if cell_len(line.rstrip()) > width:
            *lines, line = wrap_words(line, width, " " * len(start))
            yield from lines
    yield line.rstrip()
