"""What `schema=` declares holds for every way of filling a table: columns, order, types, NOT NULL, generated ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.tests.runtime.pipelines import problems

if TYPE_CHECKING:
    from compiler.tests.runtime.pipelines import Pipeline


FEED = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.view
    def parts():
        return spark.readStream.schema("Part long, place struct<Y: int, X: string>, n int{more}").json("landing")

    @dlt.view
    def whole():
        return spark.read.schema("Part long, place struct<Y: int, X: string>, n int{more}").json("landing")
"""
WAYS = {
    "table": """
    @dlt.table(name="t", schema=SCHEMA)
    def rows():
        return spark.readStream.table("parts")
    """,
    "view": """
    @dlt.table(name="t", schema=SCHEMA)
    def rows():
        return spark.read.table("whole")
    """,
    "append": """
    dlt.create_streaming_table("t", schema=SCHEMA)

    @dlt.append_flow(target="t")
    def rows():
        return spark.readStream.table("parts")
    """,
    "changes": """
    dlt.create_streaming_table("t", schema=SCHEMA)
    dlt.apply_changes(target="t", source="parts", keys=["part"], sequence_by="n")
    """,
    "snapshot": """
    dlt.create_streaming_table("t", schema=SCHEMA)
    dlt.apply_changes_from_snapshot(target="t", source="whole", keys=["part"], stored_as_scd_type=1)
    """,
}
SCHEMA = (
    "n STRING NOT NULL, place STRUCT<x: STRING, y: BIGINT, z: INT>, part BIGINT, "
    "late DATE, twice BIGINT GENERATED ALWAYS AS (CAST(n AS BIGINT) * 2)"
)


def notebook(pipeline: Pipeline, way: str, schema: str, more: str = "") -> None:
    text = FEED.format(more=more) + f"\n    SCHEMA = {schema!r}\n" + WAYS[way]
    pipeline.notebook(text)


@pytest.mark.parametrize("way", WAYS)
def test_columns_are_as_declared(pipeline: Pipeline, way: str) -> None:
    """In their order, cast, structs by the names of their fields, missing ones NULL, generated ones computed."""
    notebook(pipeline, way, SCHEMA)
    pipeline.land("a.json", '{"Part": 7, "place": {"X": "there", "Y": 5}, "n": 3}')
    pipeline.succeed()

    assert pipeline.columns("t") == ["n", "place", "part", "late", "twice"]
    assert pipeline.rows("t") == [("3", {"x": "there", "y": 5, "z": None}, 7, None, 6)]


@pytest.mark.parametrize("way", WAYS)
def test_what_does_not_fit_fails_the_table(pipeline: Pipeline, way: str) -> None:
    """A NULL in a NOT NULL column, a column and a field that are not declared; the table is then as it was."""
    notebook(pipeline, way, SCHEMA)
    pipeline.land("a.json", '{"Part": 1, "n": 1}')
    pipeline.succeed()
    pipeline.land("b.json", '{"Part": 2, "n": 2}\n{"Part": 3, "n": 3}')
    notebook(pipeline, way, SCHEMA.replace("part BIGINT", "part BIGINT, place2 DATE NOT NULL"))
    (required,) = problems(pipeline.run())
    notebook(pipeline, way, SCHEMA.replace(", y: BIGINT", ""))
    (field,) = problems(pipeline.run())
    notebook(pipeline, way, SCHEMA, more=", surplus string")
    (column,) = problems(pipeline.run())

    assert "`place2 NOT NULL` failed for" in required.message
    assert (field.message, column.message) == (
        "the query returns `place.Y`, which schema= does not declare",
        "the query returns `surplus`, which schema= does not declare",
    )
    assert [row[0] for row in pipeline.rows("t")] == ["1"]


def test_the_bounds_of_a_history_are_declared(pipeline: Pipeline) -> None:
    """With the type of the sequence, as Databricks wants."""
    text = """
    dlt.create_streaming_table("t", schema=SCHEMA)
    dlt.apply_changes(target="t", source="parts", keys=["part"], sequence_by="n", stored_as_scd_type=2)
    """
    pipeline.land("a.json", '{"Part": 7, "n": 3}')
    found = []
    for bounds in ("", ", __START_AT INT, __END_AT BIGINT", ", __START_AT INT, __END_AT INT"):
        schema = f"part BIGINT, n INT, place STRUCT<X: STRING, Y: INT>{bounds}"
        pipeline.notebook(FEED.format(more="") + f"\n    SCHEMA = {schema!r}\n" + text)
        found += [problem.message for problem in problems(pipeline.run())]

    assert found == [
        "schema= does not declare the column `__START_AT` of an SCD type 2 target",
        "schema= declares `__END_AT` as bigint, but the sequence is int",
    ]
    assert pipeline.rows("t") == [(7, 3, None, 3, None)]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("id BIGINT NOT NUL", "`NUL` is not expected here: expected NULL"),
        ("id BIGINT, name", "the column `name` has no type"),
        (
            "id BIGINT COMENT 'x'",
            "`COMENT` is not expected here: expected a property of the column such as NOT NULL or COMMENT",
        ),
        (
            "id BIGINT, CONSTRAINT k PRIMARY KEY id",
            "`id` is not expected here: expected the columns of the key in brackets",
        ),
        ("id BIGINT,", "a column or a constraint is missing after `,`"),
    ],
)
def test_a_slip_in_a_schema_is_no_column_lost(pipeline: Pipeline, schema: str, reason: str) -> None:
    """The same reader as for SQL: what it does not understand, it reports."""
    pipeline.notebook(f"""
        import dlt

        @dlt.table(schema={schema!r})
        def t():
            return spark.range(1)
    """)
    (problem,) = problems(pipeline.run())

    assert problem.message == f"invalid schema=: {reason}"
