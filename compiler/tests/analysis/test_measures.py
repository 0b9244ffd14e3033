"""Verdicts on aggregates, query by query: ``measures.txt``."""

from __future__ import annotations

import pytest
from measure_cases import MeasureCase, judge_case, read_cases


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.query[:100])
def test_verdict_is_that_of_the_case(case: MeasureCase) -> None:
    verdicts = judge_case(case)

    assert verdicts
    assert verdicts[-1] == case.verdict
    if case.verdict == "exact":
        assert set(verdicts) == {"exact"}
