"""`cbx query` over tables that runs have written, on both engines: what a query reads is what `cbx show` prints."""

from __future__ import annotations

from typing import Any

import pytest

from cbx.diagnostics.source_files import SourceFile
from cbx.runtime.query.run_query import run_query
from compiler.tests.runtime.pipelines import Pipeline

NOTEBOOK = """
import dlt
from pyspark.sql import functions as F

SCHEMA = "id INT, city STRING, amount DECIMAL(10, 2), tags MAP<STRING, INT>, at TIMESTAMP, n LONG"

@dlt.table
def changes():
    options = {"cloudFiles.format": "json", "cloudFiles.schemaHints": SCHEMA}
    return (
        spark.readStream.format("cloudFiles").options(**options).load("landing")
        .withColumn("day", F.to_date("at"))
        .withColumn("place", F.struct("city", F.array("id", "n").alias("numbers")))
        .withColumn("ratio", F.col("amount").cast("float"))
    )

for scd_type in (1, 2):
    dlt.create_streaming_table(f"people_{scd_type}")
    dlt.apply_changes(
        target=f"people_{scd_type}", source="changes", keys=["id"], sequence_by="n", stored_as_scd_type=scd_type
    )

@dlt.table
def totals():
    return spark.read.table("people_1").groupBy("city").agg(F.sum("amount").alias("amount"))
"""
FIRST = (
    '{"id": 1, "city": "Bern", "amount": 1.5, "tags": {"a": 1}, "at": "2026-01-01T10:00:00Z", "n": 1}\n'
    '{"id": 2, "city": "Zürich", "amount": null, "tags": {}, "at": "2026-01-02T23:30:00Z", "n": 1}\n'
)
SECOND = '{"id": 1, "city": "東京", "amount": 0.1, "at": "2026-02-01T10:00:00Z", "n": 2}\n'
TABLES = ("changes", "people_1", "people_2", "totals")


def query(pipeline: Pipeline, sql: str) -> list[tuple[Any, ...]]:
    rows = run_query(pipeline.state, SourceFile("query", sql), {}, 0).read_all()
    return [tuple(row.values()) for row in rows.to_pylist()]


@pytest.fixture
def people(pipeline: Pipeline) -> Pipeline:
    """The tables after two updates."""
    pipeline.notebook(NOTEBOOK)
    for name, text in (("1.json", FIRST), ("2.json", SECOND)):
        pipeline.land(name, text)
        pipeline.succeed()
    return pipeline


def test_a_query_reads_what_show_prints(people: Pipeline) -> None:
    """Each table and type, written in one or in several updates; then SQL over the versions of SCD type 2."""
    for table in TABLES:
        shown, queried = people.rows(table), query(people, f"FROM {table}")
        assert sorted(map(repr, queried)) == sorted(map(repr, shown))

    versions = query(people, "SELECT id, city, __START_AT, __END_AT FROM people_2 ORDER BY id, __START_AT")
    current = query(people, "SELECT id, city FROM people_2 WHERE __END_AT IS NULL ORDER BY id")
    typed = query(people, 'SELECT typeof(amount), typeof("at"), typeof(day), typeof(ratio) FROM changes LIMIT 1')
    nested = query(people, "SELECT place.city, place.numbers[2], tags['a'] FROM changes WHERE n = 1")

    assert versions == [(1, "Bern", 1, 2), (1, "東京", 2, None), (2, "Zürich", 1, None)]
    assert current == query(people, "SELECT id, city FROM people_1 ORDER BY id") == [(1, "東京"), (2, "Zürich")]
    assert typed == [("DECIMAL(10,2)", "TIMESTAMP WITH TIME ZONE", "DATE", "FLOAT")]
    assert sorted(nested) == [("Bern", 1, 1), ("Zürich", 1, None)]


def test_a_history_is_joined_as_of_a_sequence(people: Pipeline) -> None:
    """What a customer was when something happened: the use of SCD type 2."""
    sql = """
        SELECT c.n, p.city FROM changes AS c
        JOIN people_2 AS p ON p.id = c.id AND p.__START_AT <= c.n AND (p.__END_AT IS NULL OR c.n < p.__END_AT)
        WHERE c.id = 1 ORDER BY c.n
    """

    assert query(people, sql) == [(1, "Bern"), (2, "東京")]
