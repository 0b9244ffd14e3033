"""What the analysis says of aggregates, held against how often they count a row of random data.

``CBX_MEASURE_QUERIES`` says how many queries to try, ``CBX_MEASURE_SEED`` where to start.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from random_data import Data
from random_measures import Generator, MeasureQuery
from random_schemas import random_schema

QUERIES = int(os.environ.get("CBX_MEASURE_QUERIES", "180"))
SEED = int(os.environ.get("CBX_MEASURE_SEED", "1"))
QUERIES_PER_SCHEMA = 12
DRAWS = 6
MOST_DRAWS = 150


def check_query(query: MeasureQuery, generator: Generator, data: Data) -> Counter[str]:
    """Hold the verdicts on one query against its data, and count them."""
    counts: Counter[str] = Counter()
    judged = {measure.measure.column: measure for measure in generator.judge(query)}
    own = [judged[column] for column in sorted(judged)]
    if len(own) != len(query.rids):
        return Counter(merged=1)
    for number, measure in enumerate(own):
        counts[measure.verdict] += 1
        repeats = (
            any(row[2 * number] > row[2 * number + 1] for row in data.run(query.counts, draw).fetchall())
            for draw in range(MOST_DRAWS)
        )
        if measure.verdict == "exact":
            first = [next(repeats) for _ in range(DRAWS)]
            assert not any(first), f"exact, but repeated: {number} of {query.text}\n{generator.schema}\n{query.counts}"
        if measure.verdict == "repeated":
            is_seen = any(repeats)
            is_declared = measure.repetition is not None and measure.repetition.is_declared
            assert is_seen or not is_declared, (
                f"never repeated: {number} of {query.text}\n{generator.schema}\n{generator.models}"
            )
            counts["unseen"] += not is_seen
    return counts


def test_verdicts_on_aggregates_hold_on_data(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for number in range(QUERIES // QUERIES_PER_SCHEMA + 1):
        chance = random.Random(f"{SEED} {number}")
        schema = random_schema(chance)
        data, generator = Data(schema, chance, numbers_rows=True), Generator(schema, chance)
        for _ in range(QUERIES_PER_SCHEMA):
            if chance.random() < 0.25:
                generator.add_model()
            counts += check_query(generator.query(), generator, data)
    with capsys.disabled():
        print(f"\n{QUERIES} queries with aggregates: {dict(counts)}")

    assert counts["exact"] > counts.total() / 10
    assert counts["repeated"] > counts.total() / 200
    assert counts["unseen"] <= counts["repeated"] / 10
