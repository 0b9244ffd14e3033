"""How materialized views are refreshed, and what the events say of it."""

from __future__ import annotations

import pytest

from cbx.runtime.log.last_update import last_update
from compiler.tests.command import invoke_cbx
from compiler.tests.runtime.pipelines import Pipeline

VIEWS = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    def orders():
        return spark.readStream.schema("id INT, city STRING").json("landing/orders")

    @dlt.table
    def cities():
        return spark.read.schema("city STRING").json("landing/cities")

    @dlt.table
    def of_a_file():
        return spark.read.schema("city STRING").json("landing/cities/1.json")

    @dlt.table
    @dlt.expect("has_city", "city IS NOT NULL")
    def plain():
        return spark.read.table("cities")

    @dlt.table
    def with_subquery():
        return spark.sql("SELECT city FROM cities WHERE city IN (SELECT city FROM orders)")

    @dlt.table
    @dlt.expect("old", "current_date() > DATE'2000-01-01'")
    def checked_by_the_clock():
        return spark.read.table("cities")

    @dlt.table
    def random():
        return spark.read.table("cities").withColumn("n", F.rand())

    @dlt.table
    def of_python():
        return spark.read.table("cities").select(F.udf(lambda city: city)("city").alias("city"))

    @dlt.table
    def generated():
        return spark.createDataFrame([("Ulm",)], "city STRING")
"""


def decisions(pipeline: Pipeline) -> dict[str, tuple[str, str]]:
    """The technique and the issue of each materialized view in the last update, by the log of events."""
    chosen = {}
    for row in last_update(pipeline.state):
        techniques = row["details"].get("planning_information", {}).get("technique_information", ())
        kinds = [each["maintenance_type"] for each in techniques if each.get("is_chosen")]
        issues = [issue["issue_type"] for each in techniques for issue in each.get("incrementalization_issues", ())]
        if kinds:
            name = row["origin"]["dataset_name"]
            chosen[name] = (kinds[0].removeprefix("MAINTENANCE_TYPE_"), "".join(issues))
    return chosen


@pytest.mark.needs_spark("rand")
def test_events_tell_how_views_are_refreshed_and_why(pipeline: Pipeline) -> None:
    """What depends on files that are the same keeps its rows; what depends on anything else is recomputed."""
    pipeline.notebook(VIEWS)
    pipeline.land("cities/1.json", '{"city": "Ulm"}\n')
    pipeline.land("orders/1.json", '{"id": 1, "city": "Ulm"}\n')
    pipeline.succeed()
    first = decisions(pipeline)
    pipeline.land("orders/2.json", '{"id": 2, "city": "Rom"}\n')
    second_results = pipeline.succeed()
    second = decisions(pipeline)
    pipeline.notebook(VIEWS.replace('"city IS NOT NULL"', "\"city <> ''\""))
    pipeline.succeed()

    full = "COMPLETE_RECOMPUTE"
    assert set(first.values()) == {(full, "CHANGE_SET_MISSING")}
    assert second == {
        "cities": ("NO_OP", ""),
        "of_a_file": ("NO_OP", ""),
        "plain": ("NO_OP", ""),
        "with_subquery": (full, "PLAN_NOT_INCREMENTALIZABLE"),
        "checked_by_the_clock": (full, "PLAN_NOT_DETERMINISTIC"),
        "random": (full, "PLAN_NOT_DETERMINISTIC"),
        "of_python": (full, "PLAN_NOT_DETERMINISTIC"),
        "generated": (full, "PLAN_NOT_INCREMENTALIZABLE"),
    }
    assert {name for name, result in second_results.items() if result.status == "unchanged"} == {
        *("cities", "of_a_file", "plain"),
    }
    assert decisions(pipeline)["plain"] == (full, "QUERY_FINGERPRINT_CHANGED")
    assert decisions(pipeline)["with_subquery"] == ("NO_OP", "")


@pytest.mark.needs_spark("rand")
def test_the_command_shows_them(pipeline: Pipeline) -> None:
    """`cbx events` says full or incremental, and why a view was recomputed."""
    pipeline.notebook(VIEWS)
    pipeline.land("cities/1.json", '{"city": "Ulm"}\n')
    pipeline.land("orders/1.json", '{"id": 1, "city": "Ulm"}\n')
    pipeline.succeed()
    pipeline.succeed()
    lines = invoke_cbx("events", "--state", pipeline.state).stdout.splitlines()

    assert ["random", "completed", "full", "1", "0"] in [line.split() for line in lines]
    assert "because  it calls `rand`" in [line.strip() for line in lines]
    assert ["plain", "unchanged", "0", "0"] in [line.split() for line in lines]
