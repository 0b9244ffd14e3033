"""Runs the literate cases: compiler behaviour as documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import Case, bless, check, read_cases

CASES = read_cases(Path(__file__).parent / "cases")


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_case(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The compiler reports and writes what the document says."""
    expected, actual = check(case, tmp_path)
    if request.config.getoption("--bless"):
        for again in read_cases(case.document):
            if again.title == case.title:
                bless(again, actual)
        return

    assert expected == actual
