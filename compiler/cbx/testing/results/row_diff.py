"""Shows how two lists of rows differ: what is missing, what is extra, and which cells of a row are others.

silver.customers_clean: 1 of 4 rows as expected, 1 dropped, 1 changed, 1 missing
            customer_id   customer_name
  dropped             4   NULL            by `has_name`
  expected            2   Bob
  got                 2   Rob
                          ^^^
  missing             3   Carl
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cbx.testing.results.result import RowList, hashable

MOST_ROWS = 20
"""Of each kind; what is wrong with a model shows in the first of them."""
_WIDEST = 40

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the table: a label, cells, and whether each is marked."""

    label: str
    cells: tuple[str, ...]
    marks: tuple[bool, ...] = ()


def row_diff(expected: RowList, actual: Sequence[Row]) -> list[str]:
    """The lines that tell how rows differ from those that are expected; equal ones are only counted."""
    missing, extra = _without_common(list(expected), list(actual))
    same = len(actual) - len(extra)
    dropped, missing = _dropped(missing, actual)
    pairs, missing, extra = _paired(missing, extra, expected)
    counts = [(len(dropped), "dropped"), (len(pairs), "changed"), (len(missing), "missing"), (len(extra), "extra")]
    said = [f"{count} {word}" for count, word in counts if count]
    head = f"{expected.table}: {same} of {len(expected)} row{'' if len(expected) == 1 else 's'} as expected"
    if not said:
        return [f"{head}, in another order", *_table(expected.columns, list(_in_order(expected, actual)))]
    lines = [*dropped[:MOST_ROWS], *_rest(len(dropped)), *_changed(pairs)]
    lines += [*_alone("missing", missing), *_alone("extra", extra)]
    return [", ".join([head, *said]), *_table(expected.columns, lines)]


def _without_common(expected: list[Row], actual: list[Row]) -> tuple[list[Row], list[Row]]:
    """What only one of the lists has, each row as often as it has it more."""
    left: dict[Any, int] = {}
    for row in actual:
        left[hashable(row)] = left.get(hashable(row), 0) + 1
    missing = []
    for row in expected:
        if left.get(hashable(row), 0):
            left[hashable(row)] -= 1
        else:
            missing.append(row)
    extra = []
    for row in reversed(actual):
        if left.get(hashable(row), 0):
            left[hashable(row)] -= 1
            extra.append(row)
    return missing, extra[::-1]


def _dropped(missing: list[Row], actual: Sequence[Row]) -> tuple[list[_Line], list[Row]]:
    """The lines of the missing rows that a rule dropped, with its name, and the other missing rows."""
    left: dict[Any, list[tuple[str, ...]]] = {}
    for row, rules in actual.dropped if isinstance(actual, RowList) else ():
        left.setdefault(hashable(row), []).append(rules)
    lines, others = [], []
    for row in missing:
        found = left.get(hashable(row))
        if found:
            names = ", ".join(f"`{name}`" for name in found.pop())
            lines.append(_Line("dropped", (*map(_cell, row), f"by {names}")))
        else:
            others.append(row)
    return lines, others


def _paired(
    missing: list[Row], extra: list[Row], expected: RowList
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Rows that are meant to be the same: by their key or, where there is none, by most of their cells."""
    pairs, lonely, left = [], [], list(extra)
    places = [expected.columns.index(name) for name in expected.key]
    for row in missing:
        partner = _partner(row, left, places)
        if partner is None:
            lonely.append(row)
        else:
            left.remove(partner)
            pairs.append((row, partner))
    return pairs, lonely, left


def _partner(row: Row, others: list[Row], places: Sequence[int]) -> Row | None:
    if places:
        wanted = [hashable(row[place]) for place in places]
        return next((one for one in others if [hashable(one[place]) for place in places] == wanted), None)
    best = max(others, key=lambda one: _same_cells(row, one), default=None)
    return best if best is not None and 2 * _same_cells(row, best) >= len(row) > 1 else None


def _same_cells(one: Row, other: Row) -> int:
    return sum(hashable(left) == hashable(right) for left, right in zip(one, other, strict=False))


def _changed(pairs: Sequence[tuple[Row, Row]]) -> Iterator[_Line]:
    for expected, actual in pairs[:MOST_ROWS]:
        cells = [_two_cells(left, right) for left, right in zip(expected, actual, strict=True)]
        marks = tuple(hashable(left) != hashable(right) for left, right in zip(expected, actual, strict=True))
        yield _Line("expected", tuple(left for left, _ in cells))
        yield _Line("got", tuple(right for _, right in cells), marks)
    yield from _rest(len(pairs))


def _two_cells(left: Any, right: Any) -> tuple[str, str]:
    """Two values as they are shown; where they look alike although they differ, with their types."""
    if hashable(left) != hashable(right) and _cell(left) == _cell(right):
        return f"{_cell(left)} ({type(left).__name__})", f"{_cell(right)} ({type(right).__name__})"
    return _cell(left), _cell(right)


def _alone(label: str, rows: Sequence[Row]) -> Iterator[_Line]:
    for row in rows[:MOST_ROWS]:
        yield _Line(label, tuple(map(_cell, row)))
    yield from _rest(len(rows))


def _rest(count: int) -> Iterator[_Line]:
    if count > MOST_ROWS:
        yield _Line(f"... and {count - MOST_ROWS} more", ())


def _in_order(expected: Sequence[Row], actual: Sequence[Row]) -> Iterator[_Line]:
    for label, rows in (("expected", expected), ("got", actual)):
        yield from _alone(label, rows)


def table_lines(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Rows as lines of a table, as many as fit."""
    return list(_table(columns, [_Line("", line.cells) if line.cells else line for line in _alone("", rows)]))


def _cell(value: Any) -> str:
    text = "NULL" if value is None else value if isinstance(value, str) and value.strip() == value and value else None
    shown = str(value) if text is None and not isinstance(value, str) else repr(value) if text is None else text
    shown = repr(value) if value in ("NULL", "") else shown.replace("\n", "\\n")
    return shown if len(shown) <= _WIDEST else shown[: _WIDEST - 1] + "…"


def _table(columns: Sequence[str], lines: Sequence[_Line]) -> Iterator[str]:
    rows = [_Line("", tuple(columns)), *lines]
    label_width = max((len(line.label) for line in rows if line.cells), default=0)
    widths = [max(len(line.cells[index]) for line in rows if line.cells) for index in range(len(columns))]
    for line in rows:
        cells = [cell.ljust(width) for cell, width in zip(line.cells, widths, strict=False)]
        cells += line.cells[len(columns) :]
        yield f"  {line.label:<{label_width}}   {'   '.join(cells)}".rstrip()
        if any(line.marks):
            carets = [
                ("^" * max(len(cell), 1) if mark else "").ljust(width)
                for cell, mark, width in zip(line.cells, line.marks, widths, strict=True)
            ]
            yield f"  {'':<{label_width}}   {'   '.join(carets)}".rstrip()


def comparison_lines(left: object, right: object) -> list[str] | None:
    """What pytest shows of ``rows == list``; None where these are not lists of rows of the same width."""
    actual, expected = (left, right) if isinstance(left, RowList) else (right, left)
    if not isinstance(actual, RowList) or not isinstance(expected, list):
        return None
    if not all(isinstance(row, tuple) and len(row) == len(actual.columns) for row in expected):
        width = len(actual.columns)
        return [f"the rows are not those of {actual.table}, which are tuples of {width}", f"got: {list(actual)!r}"]
    wanted = RowList(expected, actual.table, actual.columns, actual.key)
    return ["the rows differ", *row_diff(wanted, actual)]
