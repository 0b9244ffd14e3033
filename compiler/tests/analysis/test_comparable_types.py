"""Of which types values that are equal are the same value."""

from __future__ import annotations

import pytest

from cbx.analysis.types.value_types import compare_exactly

EXACT = (
    ("BIGINT", "long"),
    ("INT", "BIGINT"),
    ("DECIMAL(18, 2)", "BIGINT"),
    ("DECIMAL(38, 18)", "BIGINT"),
    ("DECIMAL(38, 10)", "DECIMAL(38,10)"),
    ("FLOAT", "DOUBLE"),
    ("DATE", "TIMESTAMP_NTZ"),
    ("STRING", None),
)
LOSSY = (
    ("BIGINT", "STRING"),
    ("BIGINT", "DOUBLE"),
    ("DECIMAL(10, 2)", "DOUBLE"),
    ("DECIMAL(38, 0)", "DECIMAL(38, 18)"),
    ("TIMESTAMP", "TIMESTAMP_NTZ"),
    ("DATE", "TIMESTAMP"),
    ("DATE", "STRING"),
    ("BOOLEAN", "INT"),
)


@pytest.mark.parametrize(("first", "other"), EXACT)
def test_exact(first: str, other: str | None) -> None:
    """Spark makes both of one type without losing anything."""
    assert (compare_exactly(first, other), compare_exactly(other, first)) == (True, True)


@pytest.mark.parametrize(("first", "other"), LOSSY)
def test_lossy(first: str, other: str) -> None:
    """Spark makes both of one type in which different values may come out the same."""
    assert (compare_exactly(first, other), compare_exactly(other, first)) == (False, False)
