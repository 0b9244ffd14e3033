"""Holds what the analysis says of random queries against Spark, on rows that tempt a wrong claim.

Run as a process of its own, since it starts Spark: ``python grain_on_spark.py COUNT SEED`` prints, as JSON, what was
counted, and the claims that are wrong. Of each query that Spark accepts: a proven key does not repeat, a refuted one
can, columns have the names and types that are claimed, what is never NULL is not, and a column that others fix has one
value for each of theirs.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from claims import Claims, broken_claim, claims_of, repeats, wrong_column
from local_spark import ZONES, Rejected, analyse, collect_rows, put_table, start_spark
from pyspark.sql import SparkSession
from smaller_queries import smallest_failing
from typed_queries import typed_query
from typed_schemas import Row, TypedSchema, rows_as_sql, typed_rows, typed_schema
from typed_sources import TypedQuery

QUERIES_A_SCHEMA = 20
DRAWS = 2
MOST_DRAWS = 40
MOST_REPORTS = 3


class Data:
    """Contents of a schema's tables, one after the other."""

    def __init__(self, spark: SparkSession, schema: TypedSchema, seed: str) -> None:
        self.spark = spark
        self.schema = schema
        self.seed = seed
        self.rows: dict[str, list[Row]] = {}

    def load(self, draw: int) -> None:
        """Put a content in place; every second one has several children for each parent."""
        chance = random.Random(f"{self.seed} {draw}")
        self.spark.conf.set("spark.sql.session.timeZone", ZONES[draw % len(ZONES)])
        self.rows = typed_rows(self.schema, chance, is_fanned_out=draw % 2 == 0)
        for table in self.schema.tables:
            put_table(self.spark, table.name, rows_as_sql(self.schema, table, self.rows[table.name]))


@dataclass(frozen=True)
class Wrong:
    """A claim that is wrong, on one content of the data."""

    claim: str
    text: str
    data: Data
    draw: int


def run_schema(spark: SparkSession, seed: str, count: int, wrong: list[Wrong]) -> Iterator[Counter[str]]:
    """Try queries over one random schema, and put each claim that is wrong in a list."""
    chance = random.Random(seed)
    schema = typed_schema(chance)
    data = Data(spark, schema, seed)
    data.load(0)
    pending: list[tuple[TypedQuery, Claims]] = []
    for _ in range(count):
        query = typed_query(schema, chance)
        try:
            frame = analyse(spark, query.text)
        except Rejected:
            yield Counter(rejected=1)
            continue
        claims = claims_of(query.text, schema, chance)
        columns = [(field.name, field.dataType.simpleString()) for field in frame.schema.fields]
        found = wrong_column(claims, columns)
        wrong += [Wrong(found, query.text, data, 0)] if found else []
        pending.append((query, claims))
        yield Counter(claims.verdicts)
    for draw in range(DRAWS):
        if draw:
            data.load(draw)
        for query, claims in pending:
            if not (claims.proven or claims.not_null or claims.fixed):
                continue
            try:
                result = collect_rows(analyse(spark, query.text))
            except Rejected:
                yield Counter(failed=1)
                continue
            yield Counter(results=1, empty=not result.rows)
            found = broken_claim(claims, result)
            wrong += [Wrong(found, query.text, data, draw)] if found else []
    wrong += check_refuted(data, pending)


def check_refuted(data: Data, pending: list[tuple[TypedQuery, Claims]]) -> list[Wrong]:
    """The refuted keys that repeat on none of many contents."""
    left = [(query, set(claims.refuted)) for query, claims in pending if claims.refuted]
    for draw in range(MOST_DRAWS):
        if not left:
            break
        data.load(draw)
        for query, keys in left:
            try:
                result = collect_rows(analyse(data.spark, query.text))
            except Rejected:
                continue
            keys -= {key for key in keys if repeats(result, key)}
        left = [(query, keys) for query, keys in left if keys]
    return [Wrong(f"refuted, but never repeats: {sorted(keys)}", query.text, data, 0) for query, keys in left]


def report(wrong: Wrong) -> str:
    """What is wrong, the smallest query that still shows it, and all that it takes to see it again."""
    data = wrong.data
    data.load(wrong.draw)

    def fails(smaller: str) -> bool:
        try:
            frame = analyse(data.spark, smaller)
            claims = claims_of(smaller, data.schema, random.Random(data.seed))
            columns = [(field.name, field.dataType.simpleString()) for field in frame.schema.fields]
            found = wrong_column(claims, columns) or broken_claim(claims, collect_rows(frame))
        except (Rejected, AssertionError):
            return False
        return found is not None and found.split()[0] == wrong.claim.split()[0]

    rows = "\n".join(
        f"CREATE OR REPLACE TEMP VIEW {table.name} AS {rows_as_sql(data.schema, table, data.rows[table.name])}"
        for table in data.schema.tables
    )
    smallest = smallest_failing(wrong.text, fails)
    seed = f"seed {data.seed}, content {wrong.draw}"
    return "\n".join([wrong.claim, seed, wrong.text, f"smallest: {smallest}", tables_of(data.schema), rows])


def tables_of(schema: TypedSchema) -> str:
    return "\n".join([*map(str, schema.tables), *map(str, schema.relationships)])


def main(count: int, seed: str) -> dict[str, object]:
    """Try queries, up to the first claims that are wrong."""
    spark = start_spark()
    counts: Counter[str] = Counter()
    wrong: list[Wrong] = []
    for number in range(0, count, QUERIES_A_SCHEMA):
        for some in run_schema(spark, f"{seed} {number}", min(QUERIES_A_SCHEMA, count - number), wrong):
            counts += some
        if len(wrong) >= MOST_REPORTS:
            break
    return {"counts": counts, "wrong": [report(each) for each in wrong[:MOST_REPORTS]]}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2])))
