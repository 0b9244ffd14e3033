"""The landing file that an error names, from the messages of Spark."""

from __future__ import annotations

import pytest

from cbx.runtime.auto_loader import explain_failure


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ("[FAILED_READ_FILE] while reading file file:///x=1,2/a%20(1).csv. SQLSTATE: KD001", "/x=1,2/a (1).csv"),
        ("[FAILED_READ_FILE] while reading file file:///x/it's,%20all. SQLSTATE: KD001", "/x/it's, all"),
        ("[FAILED_READ_FILE] while reading file file:///x/a,(1). SQLSTATE: KD001", "/x/a,(1)"),
        ("[FAILED_READ_FILE] (file:/x/a.csv, file:/x/b.csv)", "/x/a.csv"),
        ("[FAILED_READ_FILE] (file:/x/a.csv)", "/x/a.csv"),
        ("[FAILED_READ_FILE] [file:/x/a%5B1%5D.csv]", "/x/a[1].csv"),
        ("[FAILED_READ_FILE] 'file:/x/a.csv': no such form", "/x/a.csv"),
        ("[CANNOT_READ_FILE_FOOTER] file file:/x/a b, 50%20.orc. Could not read footer. Do", "/x/a b, 50%20.orc"),
        ("[FAILED_READ_FILE] s3://lake/x=1,2/a.csv is cut", "s3://lake/x=1,2/a.csv"),
        ("[FAILED_READ_FILE] no file", "/landing"),
    ],
)
def test_the_whole_path_is_named(message: str, path: str) -> None:
    """Commas, apostrophes and parentheses belong to a path unless they end it."""
    explained = explain_failure(Exception(message), "/landing")

    assert explained is not None
    assert explained.path == path
