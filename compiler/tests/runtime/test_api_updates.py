"""What arguments of the API do to an update, and what slips only show in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbx.runtime.log.events import diagnostic_text
from compiler.tests.runtime.pipelines import Pipeline, problems


def problem_text(file: Path, line: int, reason: str) -> str:
    return f"{file}:{line}:1: {reason}"


def test_slips_in_several_files_are_all_told(pipeline: Pipeline) -> None:
    """Each at its line, with the way out; a question whether the API has a name is none."""
    first = pipeline.notebook(
        """
        import dlt

        assert not hasattr(dlt, "tabel")
        dlt.create_streaming_table("target")
        dlt.apply_changes(target="target", source=spark.range(3), keys=["id"], sequence_by="id")
        """,
        "a.py",
    )
    second = pipeline.notebook('import dlt\n\ndlt.read("later")\n', "b.py")
    third = pipeline.notebook("import dlt\n\ndlt.tabel()\n", "c.py")
    fourth = pipeline.notebook("from pyspark.pipelines import materialised_view\n", "d.py")
    fifth = pipeline.notebook(
        """
        import dlt
        from pyspark.sql import functions as F

        @dlt.table
        @dlt.expect("positive", F.col("id") > 0)
        def later():
            return spark.range(3)
        """,
        "e.py",
    )
    result = pipeline.run()

    actual = [line for problem in problems(result) for line in diagnostic_text(problem).splitlines()]
    assert actual == [
        problem_text(first, 5, "`source` of `apply_changes` is the name of a dataset, not a DataFrame"),
        "  hint: define a view that returns it, and name the view",
        problem_text(second, 3, "`later` is read outside the function of a dataset"),
        "  hint: move the read into the decorated function",
        problem_text(third, 3, "`dlt` has no function `tabel`"),
        "  hint: did you mean `table`?",
        problem_text(fourth, 1, "`pyspark.pipelines` has no function `materialised_view`"),
        "  hint: did you mean `materialized_view`?",
        problem_text(fifth, 5, "`condition` of `expect` is a SQL condition as a string, not a Column"),
        '  hint: write it as SQL, "id IS NOT NULL" for example',
    ]


@pytest.mark.needs_spark("settings of Spark")
def test_a_flow_has_settings_of_its_own(pipeline: Pipeline) -> None:
    """They hold while it runs, for its query and for its rows, and no longer."""
    pipeline.notebook("""
        import dlt
        from pyspark.sql import functions as F

        ZONE = "spark.sql.session.timeZone"
        dlt.create_streaming_table("zones")

        def rows(flow):
            query = F.lit(spark.conf.get(ZONE)).alias("query")
            return spark.range(1).select(F.lit(flow).alias("flow"), query, F.current_timezone().alias("rows"))

        @dlt.append_flow(target="zones", once=True, spark_conf={ZONE: "Asia/Tokyo"})
        def far():
            return rows("far")

        @dlt.append_flow(target="zones", once=True)
        def near():
            return rows("near")
    """)
    pipeline.succeed()

    assert pipeline.rows("zones") == [("far", "Asia/Tokyo", "Asia/Tokyo"), ("near", "UTC", "UTC")]


@pytest.mark.needs_spark("settings of Spark")
def test_a_table_with_other_settings_is_made_anew(pipeline: Pipeline) -> None:
    """Also where Spark's plan does not show them; with the same ones it stays as it is."""
    text = """
        import dlt

        @dlt.table(spark_conf={{"spark.sql.ansi.enabled": "{ansi}"}})
        def numbers():
            return spark.sql("SELECT CAST(concat('1', id) AS INT) AS n FROM range(2)")
    """
    pipeline.notebook(text.format(ansi="false"))
    statuses = [pipeline.succeed()["numbers"].status for _ in range(2)]
    pipeline.notebook(text.format(ansi="true"))

    assert [*statuses, pipeline.succeed()["numbers"].status] == ["completed", "unchanged", "completed"]


def test_keys_in_a_schema_are_no_columns(pipeline: Pipeline) -> None:
    """With a name or without, behind a column or on their own."""
    pipeline.notebook("""
        import dlt

        SCHEMAS = {
            "apart": "id BIGINT NOT NULL, PRIMARY KEY (id)",
            "named": "id BIGINT NOT NULL, CONSTRAINT k FOREIGN KEY (id) REFERENCES apart (id)",
            "behind": "id BIGINT NOT NULL PRIMARY KEY",
        }
        for name, schema in SCHEMAS.items():

            @dlt.table(name=name, schema=schema)
            def rows():
                return spark.range(1)
    """)
    pipeline.succeed()

    assert [pipeline.columns(name) for name in ("apart", "named", "behind")] == [["id"]] * 3


def test_a_schema_that_cannot_be_is_refused_with_its_reason(pipeline: Pipeline) -> None:
    """A type that Spark does not know, a text that ends too early, numbers that only Databricks gives."""
    pipeline.notebook("""
        import dlt

        SCHEMAS = {
            "a_type": "id BIGINTEGER",
            "b_end": "id",
            "c_identity": "id BIGINT, number BIGINT GENERATED ALWAYS AS IDENTITY",
        }
        for name, schema in SCHEMAS.items():

            @dlt.table(name=name, schema=schema)
            def rows():
                return spark.range(1)
    """)
    actual = [problem.message for problem in problems(pipeline.run())]

    assert [reason.partition("invalid schema=: ")[2] != "" for reason in actual[:2]] == [True, True]
    assert actual[2] == "the identity column `number` is not supported locally"
