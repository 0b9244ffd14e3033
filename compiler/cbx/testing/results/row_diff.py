"""Shows how two lists of rows differ: which rows are missing or extra, and which cells of a row differ.

silver.customers_clean: 1 of 4 rows match, 1 dropped, 1 changed, 1 missing
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
"""How many rows of each kind are shown: the first ones are enough to see what is wrong with a model."""
_WIDEST = 40

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _DiffLine:
    """A line of the table: a label, cells, and whether each cell is marked."""

    label: str
    cells: tuple[str, ...]
    marks: tuple[bool, ...] = ()


def row_diff(expected: RowList, actual: Sequence[Row]) -> list[str]:
    """The lines that show how rows differ from the expected rows; equal rows are only counted."""
    missing, extra = _remove_common(list(expected), list(actual))
    same = len(actual) - len(extra)
    dropped, missing = _explain_dropped(missing, actual)
    pairs, missing, extra = _pair_rows(missing, extra, expected)
    counts = [(len(dropped), "dropped"), (len(pairs), "changed"), (len(missing), "missing"), (len(extra), "extra")]
    differences = [f"{count} {word}" for count, word in counts if count]
    head = f"{expected.table}: {same} of {len(expected)} rows match"
    if not differences:
        return [f"{head}, but their order differs", *_table(expected.columns, list(_all_lines(expected, actual)))]
    lines = [*dropped[:MOST_ROWS], *_count_rest(len(dropped)), *_changed_lines(pairs)]
    lines += [*_row_lines("missing", missing), *_row_lines("extra", extra)]
    return [", ".join([head, *differences]), *_table(expected.columns, lines)]


def _remove_common(expected: list[Row], actual: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows that only one of the lists has; a row that is in both is removed as often as it is in both."""
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


def _explain_dropped(missing: list[Row], actual: Sequence[Row]) -> tuple[list[_DiffLine], list[Row]]:
    """Lines for the missing rows that an expectation dropped, with its name; and the other missing rows."""
    left: dict[Any, list[tuple[str, ...]]] = {}
    for row, rules in actual.dropped if isinstance(actual, RowList) else ():
        left.setdefault(hashable(row), []).append(rules)
    lines, others = [], []
    for row in missing:
        dropped = left.get(hashable(row))
        if dropped:
            names = ", ".join(f"`{name}`" for name in dropped.pop())
            lines.append(_DiffLine("dropped", (*map(_cell, row), f"by {names}")))
        else:
            others.append(row)
    return lines, others


def _pair_rows(
    missing: list[Row], extra: list[Row], expected: RowList
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Pairs of rows that are probably the same row, and the rows without a pair.

    Rows are paired by their key; without a key, if at least half of their cells are equal.
    """
    pairs, unpaired, left = [], [], list(extra)
    indexes = [expected.columns.index(name) for name in expected.key]
    for row in missing:
        partner = _find_partner(row, left, indexes)
        if partner is None:
            unpaired.append(row)
        else:
            left.remove(partner)
            pairs.append((row, partner))
    return pairs, unpaired, left


def _find_partner(row: Row, candidates: list[Row], indexes: Sequence[int]) -> Row | None:
    if indexes:
        key = [hashable(row[index]) for index in indexes]
        return next((other for other in candidates if [hashable(other[index]) for index in indexes] == key), None)
    best = max(candidates, key=lambda other: _count_equal_cells(row, other), default=None)
    return best if best is not None and 2 * _count_equal_cells(row, best) >= len(row) > 1 else None


def _count_equal_cells(left: Row, right: Row) -> int:
    return sum(hashable(value) == hashable(other) for value, other in zip(left, right, strict=False))


def _changed_lines(pairs: Sequence[tuple[Row, Row]]) -> Iterator[_DiffLine]:
    for expected, actual in pairs[:MOST_ROWS]:
        cells = [_cell_pair(left, right) for left, right in zip(expected, actual, strict=True)]
        marks = tuple(hashable(left) != hashable(right) for left, right in zip(expected, actual, strict=True))
        yield _DiffLine("expected", tuple(left for left, _ in cells))
        yield _DiffLine("got", tuple(right for _, right in cells), marks)
    yield from _count_rest(len(pairs))


def _cell_pair(left: Any, right: Any) -> tuple[str, str]:
    """The texts of two values; with their types if they differ but their texts are equal."""
    if hashable(left) != hashable(right) and _cell(left) == _cell(right):
        return f"{_cell(left)} ({type(left).__name__})", f"{_cell(right)} ({type(right).__name__})"
    return _cell(left), _cell(right)


def _row_lines(label: str, rows: Sequence[Row]) -> Iterator[_DiffLine]:
    for row in rows[:MOST_ROWS]:
        yield _DiffLine(label, tuple(map(_cell, row)))
    yield from _count_rest(len(rows))


def _count_rest(count: int) -> Iterator[_DiffLine]:
    if count > MOST_ROWS:
        yield _DiffLine(f"... and {count - MOST_ROWS} more", ())


def _all_lines(expected: Sequence[Row], actual: Sequence[Row]) -> Iterator[_DiffLine]:
    for label, rows in (("expected", expected), ("got", actual)):
        yield from _row_lines(label, rows)


def table_lines(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """The lines of a table with the first rows."""
    return list(_table(columns, [_DiffLine("", line.cells) if line.cells else line for line in _row_lines("", rows)]))


def _cell(value: Any) -> str:
    text = "NULL" if value is None else value if isinstance(value, str) and value.strip() == value and value else None
    shown = str(value) if text is None and not isinstance(value, str) else repr(value) if text is None else text
    shown = repr(value) if value in ("NULL", "") else shown.replace("\n", "\\n")
    return shown if len(shown) <= _WIDEST else shown[: _WIDEST - 1] + "…"


def _table(columns: Sequence[str], lines: Sequence[_DiffLine]) -> Iterator[str]:
    rows = [_DiffLine("", tuple(columns)), *lines]
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
    """What pytest shows for ``rows == list``; None if these are not a `RowList` and a list."""
    actual, expected = (left, right) if isinstance(left, RowList) else (right, left)
    if not isinstance(actual, RowList) or not isinstance(expected, list):
        return None
    if not all(isinstance(row, tuple) and len(row) == len(actual.columns) for row in expected):
        columns = ", ".join(actual.columns)
        return [f"expected a list of tuples with the columns of {actual.table}: {columns}", f"got: {list(actual)!r}"]
    expected_list = RowList(expected, actual.table, actual.columns, actual.key)
    return ["the rows differ", *row_diff(expected_list, actual)]
