"""Holds what the analysis says of random aggregates against Spark.

As `test_measures_on_data` does with DuckDB: the queries count, beside each aggregate, the rows that it counts and the
different ones. `main` is called in a process with a Spark session.
"""

from __future__ import annotations

from collections import Counter

from local_spark import Rejected, analyse, collect_rows, put_table, start_spark
from measure_claims import MOST_DRAWS, QUERIES_PER_SCHEMA, MeasureClaims, random_cases
from pyspark.sql import SparkSession
from random_data import Data
from random_schemas import Row, Schema, random_rows

DRAWS = 2
MOST_REPORTS = 3


def main(count: int, seed: str) -> dict[str, object]:
    """Try queries, a dozen for each schema, up to the first verdicts that are wrong."""
    spark = start_spark()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(0, count, QUERIES_PER_SCHEMA):
        cases = list(random_cases(f"{seed} on Spark", number))
        data, claims = cases[0][0], [each for _, each in cases if each is not None]
        counts += hold_claims(spark, data, claims)
        wrong += [f"{found}\n{data.schema}" for found in (each.wrong() for each in claims) if found is not None]
        if len(wrong) >= MOST_REPORTS:
            break
    return {"counts": counts, "wrong": wrong[:MOST_REPORTS]}


def hold_claims(spark: SparkSession, data: Data, claims: list[MeasureClaims]) -> Counter[str]:
    """Run queries over one content after the other, and count what they show; those that Spark rejects are removed."""
    rejected = 0
    for draw in range(MOST_DRAWS):
        waiting = [each for each in claims if each.waits(draw, DRAWS)]
        if not waiting:
            break
        load(spark, data.schema, random_rows(data.schema, data.chance))
        for each in waiting:
            try:
                each.take(collect_rows(analyse(spark, each.query.counts)).rows)  # type: ignore[arg-type] # counts
            except Rejected:
                claims.remove(each)
                rejected += 1
    return sum((each.counts() for each in claims), Counter(rejected=rejected))


def load(spark: SparkSession, schema: Schema, rows: dict[str, list[Row]]) -> None:
    """Put a content in place; a hidden column numbers the rows of each table."""
    for table in schema.tables:
        names = [*(column.name for column in table.columns or ()), f"rid_{table.name}"]
        listed = [
            ", ".join(map(str, (*row, number))).replace("None", "NULL") for number, row in enumerate(rows[table.name])
        ]
        values = ", ".join(f"({row})" for row in listed or [", ".join("0" for _ in names)])
        columns = ", ".join(f"CAST({name} AS BIGINT) AS {name}" for name in names)
        nothing = "" if listed else " WHERE FALSE"
        put_table(spark, table.name, f"SELECT {columns} FROM VALUES {values} AS t ({', '.join(names)}){nothing}")
