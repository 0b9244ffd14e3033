"""Reads text tables, the most legible way to write rows in a test.

    customer_id | customer_name | created_date
    1           | Ann           | 2026-01-01
    2           | NULL          | 2026-01-02

Spaces around a cell are ignored, ``NULL`` is NULL, a text in quotes is taken literally, and a column in the header may
be followed by its type. As in Markdown, lines may begin and end with ``|``, and a line of dashes is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cbx.testing.errors import ModelTestError

_RULER = frozenset("|+:- \t")
_NULL = "NULL"


@dataclass(frozen=True, slots=True)
class TextCell:
    """The text of a cell, which is later converted to the type of its column."""

    text: str


@dataclass(frozen=True, slots=True)
class TextTable:
    """The columns of a table, the types in its header, and its cells; None is NULL."""

    columns: tuple[str, ...]
    types: dict[str, str]
    rows: tuple[tuple[Any, ...], ...]


def read_text_table(text: str, what: str) -> TextTable:
    """Read a text table.

    Args:
        text: The table.
        what: The argument of the test that has the table, for messages.

    Raises:
        ModelTestError: If it has no header, or a line has more or fewer cells than the header.
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not ("-" in line and _RULER.issuperset(line))]
    if not lines:
        raise ModelTestError(f"{what}: the text table is empty", "its first line names the columns")
    columns, types = [], {}
    for head in _cells(lines[0]):
        name, _, kind = head.partition(" ")
        columns.append(name)
        if kind.strip():
            types[name] = kind.strip()
    rows = []
    for line in lines[1:]:
        cells = _cells(line)
        if len(cells) != len(columns):
            reason = f"{what}: the header has {len(columns)} columns, and this line has {len(cells)} cells: {line}"
            raise ModelTestError(reason, 'put a cell with a `|` in quotes: "a|b"')
        rows.append(tuple(_value(cell) for cell in cells))
    return TextTable(tuple(columns), types, tuple(rows))


def _cells(line: str) -> list[str]:
    """The texts between the bars; a bar in a quoted cell does not separate cells."""
    cells, cell, quote = [], "", ""
    for character in line.strip():
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and not cell.strip():
            quote = character
        if character == "|" and not quote:
            cells.append(cell.strip())
            cell = ""
        else:
            cell += character
    cells.append(cell.strip())
    if line.startswith("|"):
        cells = cells[1:]
    return cells[:-1] if line.endswith("|") and not cells[-1] else cells


def _value(cell: str) -> TextCell | str | None:
    if cell == _NULL:
        return None
    if len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "\"'":
        return cell[1:-1]
    return TextCell(cell)
