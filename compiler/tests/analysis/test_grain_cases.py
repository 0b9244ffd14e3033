"""Each rule of the grain, by example."""

from __future__ import annotations

import pytest
from grain_cases import CASES, Case
from reading_cases import READING
from shop import TABLES

from cbx.analysis.from_sql import read_query
from cbx.analysis.verdicts import result_keys


@pytest.mark.parametrize("case", [*CASES, *READING], ids=lambda case: f"{case.rule}: {case.why}")
def test_keys_of_a_query(case: Case) -> None:
    """The keys found are the shortest there are, and no others."""
    query = read_query(case.query, TABLES)

    assert tuple(", ".join(key).lower() for key in result_keys(query.relation)) == tuple(
        key.lower() for key in case.keys
    )
