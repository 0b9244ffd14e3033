"""Streaming tables that an update rewrites: results of aggregates without a watermark, and REPLACE flows."""

from __future__ import annotations

import pytest

from cbx.runtime.log.events import diagnostic_text
from compiler.tests.runtime.pipelines import Pipeline, problems

pytestmark = pytest.mark.needs_spark("streams that aggregate")

AGGREGATES = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    def tickets():
        return (spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
                .schema("line STRING, price INT").load("landing"))

    @dlt.table
    @dlt.expect_or_drop("sold", "price > 1")
    def by_line():
        return dlt.read_stream("tickets").groupBy("line").agg(F.sum("price").alias("price"))

    dlt.create_streaming_table("total", schema="n BIGINT")

    @dlt.append_flow(target="total")
    def count_all():
        return spark.readStream.table("tickets").agg(F.count("*").cast("int").alias("n"))
"""
DISTINCT = """
    CREATE STREAMING TABLE lines AS SELECT DISTINCT line FROM STREAM(tickets);
    CREATE MATERIALIZED VIEW copied AS SELECT line, price FROM by_line;
"""


def test_a_streaming_aggregate_without_a_watermark_is_rewritten(pipeline: Pipeline) -> None:
    """Each update has the result over all rows so far; without new rows the table is unchanged."""
    pipeline.notebook(AGGREGATES)
    pipeline.notebook(DISTINCT, "more.sql")
    pipeline.land("1.json", '{"line": "A", "price": 1}\n{"line": "B", "price": 3}\n')
    first = pipeline.succeed()
    before = {name: pipeline.rows(name) for name in ("by_line", "total", "lines", "copied")}
    pipeline.land("2.json", '{"line": "A", "price": 4}\n{"line": "A", "price": 1}\n')
    pipeline.succeed()
    after = {name: pipeline.rows(name) for name in ("by_line", "total", "lines", "copied")}
    third = pipeline.succeed()

    assert before == {"by_line": [("B", 3)], "total": [(2,)], "lines": [("A",), ("B",)], "copied": [("B", 3)]}
    assert after["by_line"] == after["copied"] == [("A", 6), ("B", 3)]
    assert (after["total"], after["lines"]) == ([(4,)], [("A",), ("B",)])
    assert (first["by_line"].rows_written, first["by_line"].rows_dropped) == (1, 1)
    assert {name: dataset.status for name, dataset in third.items()} == dict.fromkeys(third, "unchanged")


PLAIN = "CREATE FLOW a AS INSERT INTO t BY NAME SELECT line FROM STREAM(tickets);"
HIGHEST = "CREATE FLOW b AS INSERT INTO t BY NAME SELECT max(line) AS line FROM STREAM(tickets);"
LINES = "CREATE FLOW c AS INSERT INTO t BY NAME SELECT DISTINCT line FROM STREAM(tickets);"


@pytest.mark.parametrize("flows", [PLAIN + HIGHEST, HIGHEST + PLAIN, HIGHEST + LINES])
def test_a_rewritten_table_has_one_flow(pipeline: Pipeline, flows: str) -> None:
    """Another flow would add rows to its result."""
    pipeline.notebook(AGGREGATES)
    pipeline.notebook(f"CREATE STREAMING TABLE t; {flows}", "more.sql")
    pipeline.land("1.json", '{"line": "A", "price": 1}\n')
    (problem,) = problems(pipeline.run())

    assert "a flow rewrites all rows of `t`, which has other flows" in diagnostic_text(problem)


def test_what_no_mode_of_spark_can_aggregate(pipeline: Pipeline) -> None:
    """The error is the one that applies, not that of the append mode."""
    pipeline.notebook(AGGREGATES)
    pipeline.notebook("CREATE STREAMING TABLE t AS SELECT count(DISTINCT line) AS n FROM STREAM(tickets)", "more.sql")
    pipeline.land("1.json", '{"line": "A", "price": 1}\n')
    (problem,) = problems(pipeline.run())

    assert "Distinct aggregations are not supported" in diagnostic_text(problem)


def test_a_rewritten_table_is_no_stream(pipeline: Pipeline) -> None:
    """As on Databricks: it has rows that change."""
    pipeline.notebook(AGGREGATES)
    pipeline.notebook("CREATE STREAMING TABLE t AS SELECT * FROM STREAM(by_line)", "more.sql")
    pipeline.land("1.json", '{"line": "A", "price": 1}\n')
    (problem,) = problems(pipeline.run())

    assert "`by_line` cannot be read as a stream: it is not append-only" in diagnostic_text(problem)


REPLACING = """
    CREATE STREAMING TABLE feed AS SELECT * FROM STREAM read_files('landing', format => 'json',
      schema => 'shop STRING, item STRING, n INT');

    CREATE STREAMING TABLE newest;
    CREATE FLOW f AS INSERT INTO newest BY NAME REPLACE USING (shop) SEQUENCE BY n SELECT * FROM STREAM(feed);

    CREATE STREAMING TABLE latest (CONSTRAINT known EXPECT (item IS NOT NULL) ON VIOLATION DROP ROW);
    CREATE FLOW g AS INSERT INTO latest REPLACE USING (shop) BY NAME SELECT shop, item FROM STREAM(feed);

    CREATE STREAMING TABLE recent FLOW REPLACE WHERE n > 1 BY NAME SELECT item, n FROM feed;
"""


def test_flows_replace_rows(pipeline: Pipeline) -> None:
    """Rows of the same key, by sequence or not, or those that meet a condition; other rows stay."""
    pipeline.notebook(REPLACING, "r.sql")
    pipeline.land("1.json", '{"shop": "a", "item": "x", "n": 2}\n{"shop": "b", "item": "y", "n": 1}\n')
    pipeline.succeed()
    pipeline.land(
        "2.json",
        '{"shop": "a", "item": "old", "n": 1}\n{"shop": "b", "item": "z", "n": 2}\n{"shop": "b", "item": "w", "n": 2}\n'
        '{"shop": "c", "n": 1}\n',
    )
    results = pipeline.succeed()
    pipeline.succeed()

    assert pipeline.rows("newest") == [("a", "x", 2), ("b", "w", 2), ("b", "z", 2), ("c", None, 1)]
    assert pipeline.rows("latest") == [("a", "old"), ("b", "w"), ("b", "z")]
    assert pipeline.rows("recent") == [("w", 2), ("x", 2), ("z", 2)]
    assert (results["latest"].rows_written, results["latest"].rows_dropped) == (3, 1)
