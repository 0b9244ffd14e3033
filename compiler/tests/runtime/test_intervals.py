"""Times and dates that intervals move are the same on both engines."""

from __future__ import annotations

import pytest

from compiler.tests.runtime.pipelines import Pipeline

NOTEBOOK = '''
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    @dlt.expect_or_drop("is_recent", "at > TIMESTAMP'2024-02-01' - INTERVAL 1 DAY")
    def times():
        return spark.sql("SELECT DATE'2024-01-31' AS day, TIMESTAMP'2024-01-31 23:30:00.5' AS at")

    @dlt.table
    def t():
        return spark.sql("""SELECT {} FROM times""")

    @dlt.table
    def of_frames():
        moved = F.col("at") + F.expr("INTERVAL 2 HOURS")
        return spark.read.table("times").where("at < at + INTERVAL '1' SECOND").select(moved.alias("moved"))
'''
MOVED = {
    "at + INTERVAL 1 DAY": "2024-02-01 23:30:00.500000+00:00",
    "at - INTERVAL '90 minutes'": "2024-01-31 22:00:00.500000+00:00",
    "at + INTERVAL '1 02:03:04' DAY TO SECOND": "2024-02-02 01:33:04.500000+00:00",
    "at + INTERVAL 1 MONTH": "2024-02-29 23:30:00.500000+00:00",
    "INTERVAL 13 MONTHS + at": "2025-02-28 23:30:00.500000+00:00",
    "day + INTERVAL 1 MONTH": "2024-02-29",
    "day - INTERVAL 2 YEARS": "2022-01-31",
    "day + INTERVAL 1 WEEK": "2024-02-07",
    "CAST(day + INTERVAL -3 DAYS AS STRING)": "2024-01-28",
}


def test_intervals_move_times(pipeline: Pipeline) -> None:
    """In queries, expectations and DataFrames."""
    columns = ", ".join(f"{text} AS c{number}" for number, text in enumerate(MOVED))
    pipeline.notebook(NOTEBOOK.format(columns))
    pipeline.succeed()
    (row,) = pipeline.rows("t")

    assert [str(value) for value in row] == list(MOVED.values())
    assert [str(row[0]) for row in pipeline.rows("of_frames")] == ["2024-02-01 01:30:00.500000+00:00"]


@pytest.mark.usefixtures("sail_process")
@pytest.mark.parametrize("text", ["day + INTERVAL 1 HOUR", "at - at", "INTERVAL 1 DAY"])
def test_what_is_another_type_on_sail_is_left_to_spark(pipeline: Pipeline, text: str) -> None:
    """A date that is moved by hours is a timestamp in Spark."""
    pipeline.notebook(NOTEBOOK.format(f"{text} AS c"))
    if pipeline.engine == "sail":
        with pytest.raises(AssertionError, match="Sail does not run it"):
            pipeline.run()
    elif text.startswith("day"):
        pipeline.succeed()
        assert [str(row[0]) for row in pipeline.rows("t")] == ["2024-01-31 01:00:00+00:00"]
