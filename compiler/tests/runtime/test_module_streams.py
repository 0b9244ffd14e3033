"""Streams and frames that a notebook makes outside of the functions of datasets."""

from __future__ import annotations

import pytest

from compiler.tests.runtime.pipelines import Pipeline, problems

NOTEBOOK = """
    import dlt

    orders = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load("landing")
    rates = spark.createDataFrame([(1, 2.0)], "id BIGINT, rate DOUBLE")

    @dlt.table
    def everything():
        return orders.drop("_rescued_data")

    @dlt.table
    def rated():
        return orders.where("id = '1'").join(rates, "id").select("id", "rate")
"""


@pytest.mark.needs_spark("a stream that a module makes")
def test_a_stream_is_made_at_module_level(pipeline: Pipeline) -> None:
    """Each table that reads it has a position of its own; new columns evolve; a full refresh reads all files again."""
    pipeline.notebook(NOTEBOOK)
    pipeline.land("1.json", '{"id": 1}\n{"id": 2}\n')
    first = pipeline.succeed()
    pipeline.land("2.json", '{"id": 1, "name": "x"}\n')
    second = pipeline.succeed()
    third = pipeline.succeed()
    names = ("everything", "rated")

    assert [first[name].rows_written for name in names] == [2, 1]
    assert [second[name].rows_written for name in names] == [1, 1]
    assert [third[name].status for name in names] == ["unchanged", "unchanged"]
    assert pipeline.columns("everything") == ["id", "name"]
    assert [pipeline.succeed(full_refresh=True)[name].rows_written for name in names] == [3, 2]


def test_a_dataset_is_not_read_at_module_level(pipeline: Pipeline) -> None:
    """It is not refreshed yet; Databricks refuses it, too."""
    pipeline.notebook(
        """
        import dlt

        @dlt.table
        def numbers():
            return spark.range(3)

        frame = spark.read.table("numbers")
        """
    )
    (problem,) = problems(pipeline.run())

    assert problem.message == "`numbers` is read outside the function of a dataset"


@pytest.mark.needs_spark("the message is that of Spark, which runs the queries that Sail refuses")
def test_a_table_that_is_missing_at_module_level_is_named(pipeline: Pipeline) -> None:
    """With the same way out as in a function."""
    pipeline.notebook(
        """
        import dlt

        last = spark.sql("SELECT max(id) FROM main.raw.orders").first()

        @dlt.table
        def numbers():
            return spark.range(3)
        """
    )
    (problem,) = problems(pipeline.run())

    assert (problem.code.id, problem.message) == ("CBX503", "there is no table `main.raw.orders`")
    assert "--table main.raw.orders=FILE" in problem.hint


def test_modules_of_the_named_folder_are_found(pipeline: Pipeline) -> None:
    """As those of the root of a pipeline, from notebooks in folders below it."""
    pipeline.notebook("size = 3\n", "shared/sizes.py")
    pipeline.notebook("", "shared/__init__.py")
    pipeline.notebook(
        """
        import dlt
        from shared.sizes import size

        displayHTML("<b>numbers</b>")

        @dlt.table
        def numbers():
            return spark.range(size)
        """,
        "gold/numbers.py",
    )
    pipeline.succeed()

    assert len(pipeline.rows("numbers")) == 3
