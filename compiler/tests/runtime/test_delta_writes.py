"""Delta tables that notebooks write: in foreachBatch sinks, by path and by name, with merges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from compiler.tests.runtime.pipelines import problems

pytestmark = pytest.mark.needs_spark("Delta tables")

if TYPE_CHECKING:
    from compiler.tests.runtime.pipelines import Pipeline

deltalake: Any = pytest.importorskip("deltalake")

SINK = """
    from pyspark import pipelines as dp
    HEAD

    @dp.foreach_batch_sink(name="out")
    def write(batch, number):
        BODY

    @dp.append_flow(target="out")
    def flow():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id BIGINT, name STRING").load("landing")
"""


def sink(pipeline: Pipeline, body: str, head: str = "") -> None:
    pipeline.notebook(SINK.replace("BODY", body).replace("HEAD", head))


def rows(path: Any) -> list[tuple[Any, ...]]:
    table = deltalake.DeltaTable(str(path))
    return sorted(tuple(row.values()) for row in pa.table(table.to_pyarrow_table()).to_pylist())


def update_twice(pipeline: Pipeline) -> None:
    pipeline.land("1.json", '{"id": 1, "name": "a"}\n{"id": 2, "name": "b"}\n')
    pipeline.succeed()
    pipeline.land("2.json", '{"id": 2, "name": "z"}\n{"id": 3, "name": "c"}\n')
    pipeline.succeed()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('batch.write.format("delta").mode("append").save("out")', [(1, "a"), (2, "b"), (2, "z"), (3, "c")]),
        ('batch.write.mode("overwrite").save("out", format="delta")', [(2, "z"), (3, "c")]),
        (
            'batch.write.format("delta").partitionBy("name").mode("append").save("out")',
            [(1, "a"), (2, "b"), (2, "z"), (3, "c")],
        ),
        ('batch.write.format("delta").mode("ignore").save("out")', [(1, "a"), (2, "b")]),
        (
            'batch.write.format("delta").mode("append").option("txnAppId", "x").option("txnVersion", 7).save("out")',
            [(1, "a"), (2, "b")],
        ),
    ],
)
def test_a_sink_writes_a_delta_table(pipeline: Pipeline, call: str, expected: list[tuple[Any, ...]]) -> None:
    """In every mode; a transaction that was already written is skipped."""
    sink(pipeline, call)
    update_twice(pipeline)

    assert rows(pipeline.folder / "out") == expected


def test_a_saved_table_is_read_by_its_name(pipeline: Pipeline) -> None:
    """By the same pipeline, later: it is a Delta table in the state folder."""
    sink(pipeline, 'batch.write.mode("append").saveAsTable("main.audit.log")')
    update_twice(pipeline)
    pipeline.notebook(
        """
        import dlt

        @dlt.table
        def read():
            return spark.read.table("main.audit.log")
        """
    )
    pipeline.succeed()

    assert pipeline.rows("read") == [(1, "a"), (2, "b"), (2, "z"), (3, "c")]


def test_a_sink_merges_into_a_delta_table(pipeline: Pipeline) -> None:
    """With ``DeltaTable`` of ``delta.tables``, which needs no package of Delta."""
    deltalake.write_deltalake(str(pipeline.folder / "out"), pa.table({"id": [2], "name": ["old"]}))
    sink(
        pipeline,
        """target = DeltaTable.forPath(spark, "out").alias("t")
        merge = target.merge(batch.alias("s"), "t.id = s.id")
        merge.whenMatchedUpdate(set={"name": "s.name"}).whenNotMatchedInsertAll().execute()""",
        "from delta.tables import DeltaTable",
    )
    update_twice(pipeline)

    assert rows(pipeline.folder / "out") == [(1, "a"), (2, "z"), (3, "c")]


def test_a_dry_run_writes_nothing(pipeline: Pipeline) -> None:
    """Also where a notebook writes outside of functions."""
    pipeline.notebook(
        """
        import dlt

        spark.range(3).write.format("delta").save("out")

        @dlt.table
        def numbers():
            return spark.range(3)
        """
    )
    pipeline.succeed(dry_run=True)

    assert not (pipeline.folder / "out").exists()


@pytest.mark.parametrize(
    ("body", "head", "message"),
    [
        (
            'batch.write.format("delta").option("maxRecordsPerFile", 1).save("out")',
            "",
            "the option `maxrecordsperfile` of Delta's writer is not supported locally",
        ),
        (
            'DeltaTable.forPath(spark, "out").history()',
            "from delta.tables import DeltaTable",
            "DeltaTable.history is not supported locally",
        ),
        (
            'DeltaTable.forName(spark, "main.missing")',
            "from delta.tables import DeltaTable",
            "there is no Delta table at",
        ),
    ],
)
def test_what_deltalake_cannot_write_is_refused(pipeline: Pipeline, body: str, head: str, message: str) -> None:
    """At its line, with what works."""
    deltalake.write_deltalake(str(pipeline.folder / "out"), pa.table({"id": [2], "name": ["old"]}))
    sink(pipeline, body, head)
    pipeline.land("1.json", '{"id": 1, "name": "a"}\n')
    (problem,) = problems(pipeline.run())

    assert problem.message.startswith(message)
    assert problem.span.line == 6
    assert problem.hint


def test_a_dataset_of_the_pipeline_is_not_saved(pipeline: Pipeline) -> None:
    """Its flows write it."""
    pipeline.notebook(
        """
        import dlt

        @dlt.table(name="sales.numbers")
        def numbers():
            spark.range(3).write.saveAsTable("main.sales.numbers")
            return spark.range(3)
        """
    )
    (problem,) = problems(pipeline.run())

    assert problem.message == "`main.sales.numbers` is a dataset of the pipeline, so only its flows write to it"
