"""Holds what is said of queries over streams against two micro-batches, between which the other tables change.

Run as a process of its own: ``python streams_on_spark.py COUNT SEED`` prints, as JSON, what was counted, and the claims
that are wrong.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from dataclasses import replace

from claims import Claims, broken_claim, claims_of
from grain_on_spark import MOST_REPORTS, tables_of
from local_spark import Rejected, Result, analyse, collect_rows, put_table, start_spark
from pyspark.sql import SparkSession
from stream_queries import StreamQuery, batches_of, stream_query, streaming_schema
from typed_schemas import TypedSchema

QUERIES_A_SCHEMA = 15
CONTENTS = 3


def run_schema(spark: SparkSession, seed: str, count: int, wrong: list[str]) -> Counter[str]:
    """Try queries over the streams of one random schema."""
    chance = random.Random(seed)
    schema = streaming_schema(chance)
    counts: Counter[str] = Counter()
    pending: list[tuple[StreamQuery, Claims]] = []
    for _ in range(count):
        query = stream_query(schema, chance)
        claims = claims_of(query.text, schema, chance)
        counts += Counter(claims.verdicts)
        # What fixes what, and what is refuted, is said of one moment.
        pending.append((query, replace(claims, fixed=())))
    for number in range(CONTENTS):
        contents = batches_of(schema, chance)
        for name, text in contents.items():
            put_table(spark, name, text)
        left = []
        for query, claims in pending:
            try:
                result = result_of(spark, query)
            except Rejected:
                counts["rejected"] += 1
                continue
            counts["results"] += 1
            found = broken_claim(claims, result)
            if found:
                wrong.append(report(found, seed, number, query, schema, contents))
            else:
                left.append((query, claims))
        pending = left
    return counts


def result_of(spark: SparkSession, query: StreamQuery) -> Result:
    """The rows of a query after two batches."""
    for name, text in query.views().items():
        analyse(spark, text).createOrReplaceTempView(name)
    return collect_rows(analyse(spark, query.rest))


def report(
    found: str, seed: str, number: int, query: StreamQuery, schema: TypedSchema, contents: dict[str, str]
) -> str:
    views = [f"CREATE OR REPLACE TEMP VIEW {name} AS {text}" for name, text in contents.items()]
    return "\n".join([found, f"seed {seed}, content {number}", query.text, tables_of(schema), *views])


def main(count: int, seed: str) -> dict[str, object]:
    """Try queries, up to the first claims that are wrong."""
    spark = start_spark()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(0, count, QUERIES_A_SCHEMA):
        counts += run_schema(spark, f"{seed} {number}", min(QUERIES_A_SCHEMA, count - number), wrong)
        if len(wrong) >= MOST_REPORTS:
            break
    return {"counts": counts, "wrong": wrong[:MOST_REPORTS]}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2])))
