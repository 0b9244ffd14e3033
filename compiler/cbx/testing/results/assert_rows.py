"""Compares rows with those that a test expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbx.testing.errors import ModelTestError, at_the_line_of_the_test
from cbx.testing.results.result import RowList, Table
from cbx.testing.results.row_diff import row_diff


@at_the_line_of_the_test
def assert_rows(
    result: Table,
    expected: Any,
    *,
    ordered: bool = False,
    key: str | Sequence[str] | None = None,
) -> None:
    """Compare a result with the rows that are expected, and show what is missing, extra and different.

    Args:
        result: What ``run_model`` returned.
        expected: Rows as ``given`` takes them: dicts, tuples below one that names the columns, or a text table. Only
            the columns that they name are compared, and values may be written as texts.
        ordered: Whether the order of the rows counts.
        key: The columns by which a row is recognised; default: the model's key.

    Raises:
        AssertionError: If the rows are others, with the differences.
    """
    from cbx.testing.rows.row_literals import expected_rows

    own = {name.lower(): field for name, field in zip(result.columns, result.schema, strict=True)}
    columns, rows = expected_rows(expected, result.name, own)
    if not columns:
        columns = list(result.columns)
    keys = [key] if isinstance(key, str) else list(result.key if key is None else key)
    unknown = [name for name in keys if name not in columns]
    if key is not None and unknown:
        raise ModelTestError(f"`{unknown[0]}` is in `key=` and not among the columns that are compared")
    actual = result.rows(*columns)
    wanted = RowList(rows, result.name, columns, keys)
    is_same = list(actual) == list(wanted) if ordered else actual == wanted
    if not is_same:
        raise AssertionError("\n".join(row_diff(wanted, actual)))
