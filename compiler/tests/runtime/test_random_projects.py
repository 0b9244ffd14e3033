"""Random pipelines give the same on both engines: rows, counts, results of expectations, and statuses.

``CBX_PROJECTS`` says how many; ``CBX_PROJECT_SEED`` draws others.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from cbx.runtime.results import DatasetResult
from compiler.tests.runtime.pipelines import Pipeline, problems

PROJECTS = int(os.environ.get("CBX_PROJECTS", "2"))
SEED = os.environ.get("CBX_PROJECT_SEED", "19")

START = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    def t0():
        files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        hints = "id INT, city STRING, amount BIGINT, seq INT, at STRING, place STRUCT<x: INT>"
        files = files.option("cloudFiles.schemaHints", hints)
        return files.load("landing/orders").select("*", F.col("place.x").alias("x"))
"""
RULES = (
    '@dlt.expect_or_drop("has_city", "city IS NOT NULL")',
    '@dlt.expect("is_small", "amount + id < 60")',
    '@dlt.expect_or_fail("has_id", "id IS NOT NULL")',
    '@dlt.expect_or_drop("is_dated", "at LIKE \'2026%\'")',
)
COLUMNS = (
    "amount * 2 - id AS amount",
    "coalesce(amount, id, 0) AS amount",
    "CAST(CASE WHEN id > 2 THEN amount ELSE 1 END AS BIGINT) AS amount",
    "CAST(coalesce(try_cast(at AS DOUBLE), 1) AS BIGINT) AS amount",
    "CAST(try_cast(concat(id, '.5') AS DECIMAL(10, 1)) AS BIGINT) AS amount",
    "CAST(place.x AS BIGINT) AS amount",
)
STREAM = """
    @dlt.table
    {rule}
    def {name}():
        rows = spark.readStream.table("{source}").where("{condition}")
        return rows.selectExpr("id", "upper(city) AS city", "{column}", "seq", "at", "place")
"""
VIEWS = (
    "SELECT city, sum(amount) AS total, count(*) AS rows, max(seq) AS last FROM {source} GROUP BY city",
    "SELECT id, b.city, a.amount - b.amount AS less FROM {source} a LEFT JOIN {other} b USING (id, seq)",
    "SELECT *, row_number() OVER (PARTITION BY id ORDER BY seq, amount, city, at) AS place_of FROM {source}",
    "SELECT DISTINCT id, coalesce(city, 'none') AS city FROM {source} WHERE amount IS NOT NULL",
    "SELECT id, avg(amount) AS mean, sum(CASE WHEN city IS NULL THEN 1 ELSE 0 END) AS rest FROM {source} GROUP BY id",
    """SELECT id, from_json(concat('{{"n": ', amount, '}}'), 'n BIGINT').n AS n FROM {source}""",
    "SELECT id, to_json(struct(city, seq, amount)) AS text FROM {source}",
)
VIEW = '''
    @dlt.table
    def {name}():
        return spark.sql("""{query}""")
'''
CHANGES = """
    dlt.create_streaming_table("{name}")
    dlt.create_auto_cdc_flow(
        target="{name}", source="{source}", keys=["id"], sequence_by="seq", stored_as_scd_type={kind},
        apply_as_deletes="city = 'ROM'", except_column_list=["place"]
    )
"""


def draw_notebook(rng: random.Random) -> tuple[str, list[str]]:
    """A notebook, and the names of its tables."""
    text, streams, names = START, ["t0"], ["t0"]
    for number in range(1, rng.randint(4, 7)):
        name, source = f"t{number}", rng.choice(streams)
        kind = rng.random()
        if kind < 0.4:
            condition = rng.choice(("true", "id < 4", "amount % 3 <> 1 OR amount IS NULL", "city IN ('Ulm', 'ULM')"))
            rule = rng.choice(RULES)
            text += STREAM.format(name=name, source=source, rule=rule, condition=condition, column=rng.choice(COLUMNS))
            streams.append(name)
        elif kind < 0.8:
            query = rng.choice(VIEWS).format(source=source, other=rng.choice(streams))
            text += VIEW.format(name=name, query=query)
        else:
            text += CHANGES.format(name=name, source=source, kind=rng.choice((1, 2)))
        names.append(name)
    return text, names


def draw_file(rng: random.Random) -> str:
    rows = [
        {
            "id": rng.choice((1, 2, 3, 4, 5)),
            "city": rng.choice((None, "Ulm", "Rom")),
            "amount": rng.choice((None, rng.randrange(50))),
            "seq": rng.randrange(1000),
            "at": rng.choice(("2026-01-01", "2026-01-31", "12.5", "x", None)),
            "place": rng.choice((None, {"x": rng.randrange(9)}, {})),
        }
        for _ in range(rng.randrange(1, 8))
    ]
    return "".join(json.dumps(row) + "\n" for row in rows)


def spell(dataset: DatasetResult) -> tuple[Any, ...]:
    """A result without what differs between engines: its time, and how many rows a refresh of a view has read."""
    rules = [(rule.name, rule.passed, rule.failed) for rule in dataset.expectations]
    is_view = dataset.kind == "batch"
    counts = () if is_view else (dataset.rows_read, dataset.rows_written, dataset.rows_dropped, dataset.rows_deleted)
    return dataset.name, dataset.kind, dataset.status, counts, rules


@pytest.mark.parametrize("number", range(PROJECTS))
def test_random_projects(spark: SparkSession, sail_process: None, tmp_path: Path, number: int) -> None:  # noqa: ARG001 - updates find them
    """Three updates, each after a new file."""
    rng = random.Random(f"{SEED} {number}")
    text, names = draw_notebook(rng)
    on_spark, on_sail = Pipeline(tmp_path / "spark"), Pipeline(tmp_path / "sail", engine="sail")
    for pipeline in (on_spark, on_sail):
        pipeline.notebook(text)
    for update in range(3):
        landed = draw_file(rng)
        results = []
        for pipeline in (on_spark, on_sail):
            pipeline.land(f"orders/{update}.json", landed)
            results.append(pipeline.run())

        expected, actual = ([spell(dataset) for dataset in result.datasets] for result in results)
        assert sorted(actual) == sorted(expected), (text, problems(results[0]), problems(results[1]))
    for name in names:
        assert on_sail.columns(name) == on_spark.columns(name), text
        assert sorted(map(repr, on_sail.rows(name))) == sorted(map(repr, on_spark.rows(name))), text
