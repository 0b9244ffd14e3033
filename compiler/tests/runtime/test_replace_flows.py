"""Flows that replace rows by key, and flows in update mode."""

from __future__ import annotations

import itertools
import json
import random

import pytest

from compiler.tests.runtime.pipelines import Pipeline, problems

pytestmark = pytest.mark.needs_spark("flows that replace rows")

SCHEMA = "region BIGINT, device STRING, event STRING, seq BIGINT"
NOTEBOOK = f"""
    from pyspark import pipelines as dp

    dp.create_streaming_table("events", expect_all_or_drop={{"has_event": "event IS NOT NULL"}})

    @dp.replace_flow(target="events", replace_using=["region"], sequence_by="seq")
    def flow():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("{SCHEMA}").load("landing")
"""
FIRST = [(1, "iOS", "click", 1), (1, "Android", "conversion", 1), (2, "iOS", "click", 1), (2, "desktop", "click", 1)]
SECOND = [(1, "iOS", "click", 2), (1, "Android", "conversion", 2), (1, "desktop", "click", 2), (3, "iOS", "click", 1)]


def land(pipeline: Pipeline, name: str, rows: list[tuple[int, str | None, str | None, int | None]]) -> None:
    names = [column.split()[0] for column in SCHEMA.split(", ")]
    pipeline.land(name, "".join(f"{json.dumps(dict(zip(names, row, strict=True)))}\n" for row in rows))


def test_the_documented_example(pipeline: Pipeline) -> None:
    """Regions with newer rows are replaced as a whole; of a new region only the highest sequence stays."""
    pipeline.notebook(NOTEBOOK)
    land(pipeline, "1.json", [*FIRST])
    pipeline.succeed()
    land(pipeline, "2.json", [*SECOND, (3, "desktop", "click", 2)])
    result = pipeline.succeed()["events"]
    again = pipeline.succeed()["events"]

    assert pipeline.rows("events") == [
        (1, "Android", "conversion", 2),
        (1, "desktop", "click", 2),
        (1, "iOS", "click", 2),
        (2, "desktop", "click", 1),
        (2, "iOS", "click", 1),
        (3, "desktop", "click", 2),
    ]
    assert (result.kind, result.rows_read, result.status, again.status) == ("rewritten", 5, "completed", "unchanged")


def test_late_rows_lose_equal_ones_are_added_and_rules_hold(pipeline: Pipeline) -> None:
    """A lower sequence never comes back; an equal one is another row; dropped rows replace nothing."""
    pipeline.notebook(NOTEBOOK)
    land(pipeline, "1.json", [(1, "a", "x", 5)])
    pipeline.succeed()
    land(pipeline, "2.json", [(1, "late", "x", 4), (1, "b", "x", 5), (1, "dropped", None, 9)])
    result = pipeline.succeed()["events"]

    assert pipeline.rows("events") == [(1, "a", "x", 5), (1, "b", "x", 5)]
    assert (result.rows_read, result.rows_dropped) == (3, 1)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_and_updates_does_not_matter(pipeline: Pipeline, seed: int) -> None:
    """The same rows in other files and updates give the same table."""
    draw = random.Random(seed)
    rows = [(draw.randrange(4), str(number), "x", draw.randrange(4)) for number in range(24)]
    highest = {region: max(row[3] for row in group) for region, group in _by_region(rows)}
    pipeline.notebook(NOTEBOOK)
    draw.shuffle(rows)
    for number in range(3):
        land(pipeline, f"{number}.json", [*rows[number * 8 : number * 8 + 8]])
        pipeline.succeed()

    assert pipeline.rows("events") == sorted(row for row in rows if row[3] == highest[row[0]])


def _by_region(rows: list[tuple[int, str, str, int]]) -> list[tuple[int, list[tuple[int, str, str, int]]]]:
    return [(key, list(group)) for key, group in itertools.groupby(sorted(rows), key=lambda row: row[0])]


def test_a_table_has_a_replace_flow_of_its_own(pipeline: Pipeline) -> None:
    """With ``replace_using`` and ``sequence_by`` of the decorator; new columns evolve."""
    pipeline.notebook(
        """
        from pyspark import pipelines as dp
        from pyspark.sql.functions import col

        @dp.table(replace_using=["id"], sequence_by=col("n"))
        def latest():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
            return reader.option("cloudFiles.schemaHints", "id BIGINT, n BIGINT").load("landing").drop("_rescued_data")
        """
    )
    pipeline.land("1.json", '{"id": 1, "n": 1}\n{"id": 2, "n": 1}\n')
    pipeline.succeed()
    pipeline.land("2.json", '{"id": 1, "n": 2, "name": "x"}\n')
    pipeline.succeed()

    assert pipeline.rows("latest") == [(1, 2, "x"), (2, 1, None)]


@pytest.mark.parametrize(
    ("rows", "code", "message"),
    [
        ([(1, "a", "x", None)], "CBX508", "a row for `events` has NULL in sequence_by"),
    ],
)
def test_a_row_without_a_sequence_fails(
    pipeline: Pipeline, rows: list[tuple[int, str, str, None]], code: str, message: str
) -> None:
    """The table is not changed."""
    pipeline.notebook(NOTEBOOK)
    land(pipeline, "1.json", [*FIRST])
    pipeline.succeed()
    land(pipeline, "2.json", [*rows])
    (problem,) = problems(pipeline.run())

    assert (problem.code.id, problem.message) == (code, message)
    assert len(pipeline.rows("events")) == len(FIRST)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('replace_using=["region"]', "`replace_flow` needs `sequence_by`"),
        ('replace_using=[], sequence_by="seq"', "`replace_using` is missing"),
        ('replace_using=["region", "Region"], sequence_by="seq"', "a column of `replace_using` is repeated"),
        (
            'replace_using=["zone"], sequence_by="seq"',
            "the flow `flow` has no column `zone`, whose rows it replaces",
        ),
    ],
)
def test_a_wrong_flow_is_refused(pipeline: Pipeline, arguments: str, message: str) -> None:
    """At its line."""
    pipeline.notebook(NOTEBOOK.replace('replace_using=["region"], sequence_by="seq"', arguments))
    land(pipeline, "1.json", [*FIRST])
    (problem,) = problems(pipeline.run())

    assert problem.message == message
    assert problem.span.line == 5


def test_an_update_flow_writes_changed_rows_to_a_sink(pipeline: Pipeline) -> None:
    """An aggregate without a watermark, which an append flow cannot write."""
    pipeline.notebook(
        """
        from pyspark import pipelines as dp

        dp.create_sink("totals", "json", {"path": "out"})

        @dp.update_flow(target="totals", spark_conf={"pipelines.trigger": "RealTime"})
        def flow():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").schema("id BIGINT")
            return reader.load("landing").groupBy("id").count()
        """
    )
    pipeline.land("1.json", '{"id": 1}\n{"id": 2}\n')
    pipeline.succeed()
    pipeline.land("2.json", '{"id": 1}\n')
    pipeline.succeed()
    texts = [file.read_text() for file in (pipeline.folder / "out").glob("*.json")]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]

    assert sorted((line["id"], line["count"]) for line in lines) == [(1, 1), (1, 2), (2, 1)]
