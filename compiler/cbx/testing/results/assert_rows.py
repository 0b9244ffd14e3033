"""Compares the rows of a result with those that a test expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbx.testing.errors import ModelTestError, report_at_test_line
from cbx.testing.results.result import ResultTable, RowList
from cbx.testing.results.row_diff import row_diff


@report_at_test_line
def assert_rows(
    result: ResultTable,
    expected: Any,
    *,
    ordered: bool = False,
    key: str | Sequence[str] | None = None,
) -> None:
    """Compare a result with the expected rows, and show which rows are missing, extra or different.

    Args:
        result: The return value of ``run_model``.
        expected: Rows as in ``given``: dicts, tuples of which the first names the columns, or a text table. Only the
            columns that they name are compared. Values may be texts.
        ordered: Whether the rows must be in this order.
        key: The columns that identify a row; default: the model's key.

    Raises:
        AssertionError: If the rows differ; the message shows the differences.
        ModelTestError: If the expected rows do not fit the columns of the result.
    """
    from cbx.testing.rows.row_literals import read_expected_rows

    fields = {name.lower(): field for name, field in zip(result.columns, result.schema, strict=True)}
    columns, rows = read_expected_rows(expected, result.name, fields)
    if not columns:
        columns = list(result.columns)
    keys = [key] if isinstance(key, str) else list(result.key if key is None else key)
    unknown = [name for name in keys if name not in columns]
    if key is not None and unknown:
        raise ModelTestError(f"`{unknown[0]}` is in `key=` and not among the columns that are compared")
    actual = result.rows(*columns)
    expected_list = RowList(rows, result.name, columns, keys)
    is_same = list(actual) == list(expected_list) if ordered else actual == expected_list
    if not is_same:
        raise AssertionError("\n".join(row_diff(expected_list, actual)))
