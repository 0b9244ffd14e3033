"""The checks of aggregates on random data: they find rows that are counted several times, and no others.

``CBX_MEASURE_CHECKS`` says how many schemas to try, with a dozen queries each.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from measure_claims import DRAWS, MeasureClaims, counts_several_times, random_cases
from random_data import Data

from cbx.passes.measures.measure_queries import write_counting_query
from cbx.syntax.text import Text

SCHEMAS = int(os.environ.get("CBX_MEASURE_CHECKS", "4"))


def hold_checks(claims: MeasureClaims, data: Data) -> Counter[str]:
    """Run the check of each aggregate of a query beside the numbers of the rows that it counts."""
    counts: Counter[str] = Counter()
    for number, measure in enumerate(claims.judged):
        query = write_counting_query(Text.of(claims.query.text), measure)
        if query is None or query.text.constant is None:
            counts["unsupported"] += 1
            continue
        for draw in range(DRAWS):
            rows = data.run(claims.query.counts, draw).fetchall()
            is_repeated = counts_several_times(rows, number)
            is_found = any(row[-1] > 1 for row in data.run_without_numbers(query.text.constant, draw).fetchall())

            assert is_repeated or not is_found, f"{claims.query.text}\n{query.text.constant}\n{data.schema}"
            counts["found" if is_found else "missed" if is_repeated else "counted once"] += 1
    return counts


@pytest.mark.slow
def test_checks_find_what_is_counted_several_times() -> None:
    counts: Counter[str] = Counter()
    for number in range(SCHEMAS):
        for data, claims in random_cases("checks", number):
            counts += Counter(skipped=1) if claims is None or claims.reads_model else hold_checks(claims, data)

    # Rows whose key is NULL, as in subtotals, are not checked.
    assert counts["missed"] <= max(1, counts["found"] / 20)
    assert counts["found"] > SCHEMAS
    assert counts["counted once"] > counts["found"]
