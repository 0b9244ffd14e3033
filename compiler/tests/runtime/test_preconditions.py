"""What Databricks refuses when a pipeline runs is refused here too, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.tests.runtime.pipelines import problems

if TYPE_CHECKING:
    from compiler.tests.runtime.pipelines import Pipeline


SNAPSHOT = """
    import dlt

    @dlt.view
    def whole():
        return spark.sql("SELECT * FROM VALUES {rows} AS t(id, v)")

    dlt.create_streaming_table("t")
    dlt.apply_changes_from_snapshot(target="t", source="whole", keys=["id"], stored_as_scd_type={scd_type})
"""


@pytest.mark.parametrize("scd_type", [1, 2])
def test_a_key_that_occurs_twice_in_a_snapshot(pipeline: Pipeline, scd_type: int) -> None:
    """In the first one, in a later one, and also where the rows are the same; the table stays as it was."""
    found = []
    for rows in ("(1, 'a'), (1, 'b')", "(1, 'a'), (2, 'b')", "(2, 'c'), (2, 'c')"):
        pipeline.notebook(SNAPSHOT.format(rows=rows, scd_type=scd_type))
        found += [problem.message for problem in problems(pipeline.run())]

    assert found == [
        f'the snapshot has more than one row with the key {{"id": {key}}} (DUPLICATE_KEY_VIOLATION)' for key in (1, 2)
    ]
    assert [row[:2] for row in pipeline.rows("t")] == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("(1, 1), (2, NULL), (3, 3)", 'a change of the key {"id": 2} has a NULL sequence'),
        ("(1, 1), (NULL, 2), (3, 3)", 'a change has a NULL in its key {"id": null}'),
    ],
)
def test_a_change_without_a_place_is_named(pipeline: Pipeline, rows: str, reason: str) -> None:
    """The row that has no sequence or no key, and not another one of the batch."""
    pipeline.notebook(f"""
        import dlt

        @dlt.view
        def feed():
            return spark.sql("SELECT * FROM VALUES {rows} AS t(id, n)")

        dlt.create_streaming_table("t")
        dlt.apply_changes(target="t", source="feed", keys=["id"], sequence_by="n", once=True)
    """)
    found = [problem.message for problem in problems(pipeline.run())]

    assert found == [reason]


@pytest.mark.parametrize("scd_type", [1, 2])
def test_a_source_with_the_bounds_of_a_history(pipeline: Pipeline, scd_type: int) -> None:
    """The names belong to SCD type 2 targets; they can be left out."""
    pipeline.land("a.json", '{"id": 1, "__start_at": 5}')
    text = """
        import dlt

        @dlt.view
        def feed():
            return spark.readStream.schema("id int, __start_at int").json("landing")

        dlt.create_streaming_table("t")
        dlt.apply_changes(target="t", source="feed", keys=["id"], sequence_by="__start_at", stored_as_scd_type={}{})
    """
    pipeline.notebook(text.format(scd_type, ""))
    (problem,) = problems(pipeline.run())
    pipeline.notebook(text.format(scd_type, ', except_column_list=["__start_at"]'))
    pipeline.succeed()

    assert problem.message == "the column name `__start_at` is reserved"


CONDITIONS = {
    "sum(n) > 0": "an aggregate",
    "count(*) > 0": "an aggregate",
    "n > avg(n) OVER (PARTITION BY id)": "a window function",
    "row_number() OVER (ORDER BY id) = 1": "a window function",
    "id IN (SELECT id FROM VALUES (1) AS v(id))": "a subquery",
    "EXISTS (SELECT 1)": "a subquery",
    "n > (SELECT 1)": "a subquery",
    "explode(array(true, false))": "a function that generates rows",
}


@pytest.mark.needs_spark("a dry run")
def test_an_expectation_on_more_than_a_row(pipeline: Pipeline) -> None:
    """Aggregates, windows, subqueries and generators, on tables, views, append targets and in SQL."""
    texts = ["import dlt"]
    for number, condition in enumerate(CONDITIONS):
        texts.append(f"""
@dlt.table
@dlt.expect("rule", {condition!r})
def t{number}():
    return spark.sql("SELECT id, id AS n, array(id) AS ids FROM range(3)")
""")
    pipeline.notebook("\n".join(texts))
    pipeline.notebook(
        """
        CREATE MATERIALIZED VIEW s (CONSTRAINT rule EXPECT (max(id) > 0) ON VIOLATION DROP ROW)
            AS SELECT * FROM range(3);
        CREATE MATERIALIZED VIEW r (CONSTRAINT rule EXPECT (size(filter(array(id), x -> x > 1)) >= 0))
            AS SELECT * FROM range(3)
        """,
        "s.sql",
    )
    pipeline.notebook(
        """
        import dlt

        @dlt.view
        @dlt.expect_or_drop("rule", "max(value) > 0")
        def feed():
            return spark.readStream.format("rate").load()

        dlt.create_streaming_table("u", expect_all={"rule": "min(value) > 0"})

        @dlt.append_flow(target="u")
        def into():
            return spark.readStream.format("rate").load()

        @dlt.table
        def w():
            return spark.readStream.table("feed")
        """,
        "u.py",
    )
    result = pipeline.run(dry_run=True)
    reasons = {dataset.name: dataset.diagnostic.message for dataset in result.datasets if dataset.diagnostic}
    expected = {f"t{number}": reason for number, reason in enumerate(CONDITIONS.values())}
    expected |= dict.fromkeys("suw", "an aggregate")

    assert {name: reason.rpartition(") has ")[2].partition(",")[0] for name, reason in reasons.items()} == expected
