"""What the analysis says of aggregates, held against how often they count a row of random data.

``CBX_MEASURE_QUERIES`` says how many queries to try, ``CBX_MEASURE_SEED`` where to start.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from measure_claims import MOST_DRAWS, QUERIES_PER_SCHEMA, MeasureClaims, random_cases
from random_data import Data

pytestmark = pytest.mark.slow

QUERIES = int(os.environ.get("CBX_MEASURE_QUERIES", "60"))
SEED = os.environ.get("CBX_MEASURE_SEED", "1")


def hold_claims(claims: MeasureClaims, data: Data) -> Counter[str]:
    """Hold the verdicts on one query against its data, and count them; fails if one is wrong."""
    for draw in range(MOST_DRAWS):
        if not claims.waits(draw):
            break
        claims.take(data.run(claims.query.counts, draw).fetchall())
    found = claims.wrong()

    assert found is None, f"{found}\n{data.schema}"
    return claims.counts()


def test_verdicts_on_aggregates_hold_on_data(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for number in range(QUERIES // QUERIES_PER_SCHEMA + 1):
        for data, claims in random_cases(SEED, number):
            counts += hold_claims(claims, data) if claims is not None else Counter(merged=1)
    with capsys.disabled():
        print(f"\n{QUERIES} queries with aggregates: {dict(counts)}")

    assert counts["exact"] > counts.total() / 10
    assert counts["repeated"] > counts.total() / 200
    assert counts["unseen"] <= counts["repeated"] / 10
