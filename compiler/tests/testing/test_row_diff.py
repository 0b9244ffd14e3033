"""How differences between rows are shown, as text."""

from __future__ import annotations

from typing import Any

import pytest

from cbx.testing.results.result import RowList
from cbx.testing.results.row_diff import comparison_lines, row_diff, table_lines

CASES = {
    "a changed row is found by its key, and its cells are marked": (
        [(1, "Ann", "x"), (2, "Bob", "y")],
        [(2, "Rob", "y"), (1, "Ann", "x")],
        """
        t: 1 of 2 rows match, 1 changed
                     id   name   note
          expected   2    Bob    y
          got        2    Rob    y
                          ^^^
        """,
    ),
    "a row that is missing and one that is extra": (
        [(1, "Ann", None)],
        [(2, "Bob", None)],
        """
        t: 0 of 1 rows match, 1 missing, 1 extra
                    id   name   note
          missing   1    Ann    NULL
          extra     2    Bob    NULL
        """,
    ),
    "rows that come too often are extra": (
        [(1, "Ann", "x")],
        [(1, "Ann", "x"), (1, "Ann", "x")],
        """
        t: 1 of 1 rows match, 1 extra
                  id   name   note
          extra   1    Ann    x
        """,
    ),
    "values that look alike are told apart": (
        [(1, "7", "NULL")],
        [(1, 7, None)],
        """
        t: 0 of 1 rows match, 1 changed
                     id   name      note
          expected   1    7 (str)   'NULL'
          got        1    7 (int)   NULL
                          ^^^^^^^   ^^^^
        """,
    ),
    "spaces and long values are visible": (
        [(1, " Ann", "x" * 60)],
        [(1, "", "y\nz")],
        f"""
        t: 0 of 1 rows match, 1 changed
                     id   name     note
          expected   1    ' Ann'   {"x" * 39}…
          got        1    ''       y\\nz
                          ^^       ^^^^
        """,
    ),
}


def lines(text: str) -> list[str]:
    return [line[8:].rstrip() for line in text.strip("\n").splitlines()[:-1]]


@pytest.mark.parametrize("case", CASES)
def test_a_difference_is_shown(case: str) -> None:
    expected, actual, shown = CASES[case]

    assert lines(shown) == row_diff(RowList(expected, "t", ["id", "name", "note"], ["id"]), actual)


def test_without_a_key_rows_are_paired_by_what_they_have_in_common() -> None:
    """Half of the cells have to be the same."""
    expected = RowList([(1, "Ann", "x"), (7, "Zoe", "z")], "t", ["id", "name", "note"], [])
    shown = row_diff(expected, [(1, "Ann", "y"), (8, "Tom", "q")])

    assert shown[0] == "t: 0 of 2 rows match, 1 changed, 1 missing, 1 extra"
    assert [line.split()[0] for line in shown[2:] if not line.strip().startswith("^")] == [
        *("expected", "got", "missing", "extra"),
    ]


def test_many_rows_are_cut() -> None:
    """What is wrong shows in the first of them."""
    shown = row_diff(RowList([(number,) for number in range(50)], "t", ["id"], ["id"]), [])

    assert len(shown) == 23
    assert shown[-1].strip() == "... and 30 more"
    assert len(table_lines(["id"], [(number,) for number in range(50)])) == 22


@pytest.mark.parametrize("other", [[1, 2], [(1, 2)], [{"id": 1}]])
def test_rows_of_another_shape_are_said_to_be_that(other: list[Any]) -> None:
    """A dict or a wider tuple cannot be equal to any row."""
    shown = comparison_lines(RowList([(1,)], "t", ["id"], []), other)

    assert shown == ["expected a list of tuples with the columns of t: id", "got: [(1,)]"]
