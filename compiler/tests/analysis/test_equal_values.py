"""Which types have values that are equal and not the same."""

from __future__ import annotations

import pytest

from cbx.analysis.grain.equal_values import is_exact

EXACT = (
    "TINYINT", "smallint", "INT", "BIGINT", "DECIMAL(10, 2)", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ",
    "BINARY", "STRING", "VARCHAR(10)", "ARRAY<INT>", "STRUCT<double: INT, `a: DOUBLE`: ARRAY<STRING>>",
)  # fmt: skip
INEXACT = (
    None, "DOUBLE", "FLOAT", "STRING COLLATE UTF8_LCASE", "STRING COLLATE UNICODE", "MAP<STRING, INT>", "VARIANT",
    "ARRAY<DOUBLE>", "STRUCT<a: INT, b: STRUCT<c: FLOAT>>", "ARRAY<MAP<INT, INT>>", "ARRAY<STRING COLLATE UTF8_LCASE>",
    "INTERVAL YEAR", "GEOMETRY(4326)", "TIME(6)", "VOID", "OBJECT", "STRUCT<`: INT`: DOUBLE>", "ARRAY", "no type",
    "INT, INT", "",
)  # fmt: skip


@pytest.mark.parametrize("kind", EXACT)
def test_exact(kind: str) -> None:
    """A value of these types is equal to itself alone, so that what is made of it is the same, too."""
    assert is_exact(kind)


@pytest.mark.parametrize("kind", INEXACT)
def test_inexact(kind: str | None) -> None:
    """A function can tell values of these types apart that are equal; what is not known may be of these types."""
    assert not is_exact(kind)
