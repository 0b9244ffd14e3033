"""The checks of aggregates on random data: they find rows that are counted several times, and no others.

``CBX_MEASURE_CHECKS`` says how many schemas to try, with a dozen queries each.
"""

from __future__ import annotations

import os
import random
from collections import Counter

from measure_claims import DRAWS, MeasureClaims, random_claims
from random_data import Data
from random_measures import Generator
from random_schemas import random_schema

from cbx.passes.measure_queries import write_counting_query
from cbx.syntax.text import Text

SCHEMAS = int(os.environ.get("CBX_MEASURE_CHECKS", "4"))
QUERIES_PER_SCHEMA = 12


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
            is_repeated = any(row[2 * number] > row[2 * number + 1] for row in rows)
            is_found = any(row[-1] > 1 for row in data.run_without_numbers(query.text.constant, draw).fetchall())

            assert is_repeated or not is_found, f"{claims.query.text}\n{query.text.constant}\n{data.schema}"
            counts["found" if is_found else "missed" if is_repeated else "counted once"] += 1
    return counts


def reads_model(claims: MeasureClaims, generator: Generator) -> bool:
    """Whether a query reads the table of a model, which the engine does not have."""
    return any(f" {model.table.name} AS " in claims.query.text for model in generator.models)


def test_checks_find_what_is_counted_several_times() -> None:
    counts: Counter[str] = Counter()
    for number in range(SCHEMAS):
        chance = random.Random(f"checks {number}")
        schema = random_schema(chance)
        data, generator = Data(schema, chance, numbers_rows=True), Generator(schema, chance)
        for _ in range(QUERIES_PER_SCHEMA):
            claims = random_claims(generator)
            reads_tables = claims is not None and not reads_model(claims, generator)
            counts += hold_checks(claims, data) if claims is not None and reads_tables else Counter(skipped=1)
        data.engine.close()

    # Rows whose key is NULL, as in subtotals, are not checked.
    assert counts["missed"] <= max(1, counts["found"] / 20)
    assert counts["found"] > SCHEMAS
    assert counts["counted once"] > counts["found"]
