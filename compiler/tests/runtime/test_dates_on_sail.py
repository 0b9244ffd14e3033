"""Dates and whole numbers are of different types: Spark refuses queries that mix them, and Sail leaves them to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.tests.runtime.pipelines import Pipeline, problems

NOTEBOOK = '''
    import dlt

    @dlt.table
    def days():
        return spark.sql("""
            SELECT id, DATE'2026-01-01' AS day, '2026-01-01' AS text, TIMESTAMP'2026-01-01' AS at
            FROM VALUES (0), (1) AS v(id)
        """)

    @dlt.table
    def t():
        return spark.sql({query!r})
'''
REFUSED = (
    "SELECT id FROM days WHERE id = day",
    "SELECT id FROM days WHERE day BETWEEN 1 AND id",
    "SELECT id AS x FROM days UNION ALL SELECT day FROM days",
    "SELECT a.id FROM days AS a JOIN days AS b ON a.id = b.day",
)


@pytest.mark.usefixtures("sail_process")
@pytest.mark.parametrize("query", REFUSED)
def test_a_number_is_no_date(tmp_path: Path, query: str) -> None:
    """In conditions, joins and unions."""
    pipeline = Pipeline(tmp_path, engine="sail")
    pipeline.notebook(NOTEBOOK.format(query=query))

    with pytest.raises(AssertionError, match="`t` compares or unites dates with values of another type"):
        pipeline.run()


def test_dates_and_what_is_cast_to_them(pipeline: Pipeline) -> None:
    """Literals are cast by both engines, and other values where the query says so."""
    query = """
        SELECT id, day, CAST(text AS DATE) AS other FROM days
        WHERE day = '2026-01-01' AND day > DATE'2025-12-31' AND at >= day AND CAST(at AS DATE) = day
    """
    pipeline.notebook(NOTEBOOK.format(query=query))
    pipeline.succeed()

    assert [(row[0], str(row[1]), str(row[2])) for row in pipeline.rows("t")] == [
        (number, "2026-01-01", "2026-01-01") for number in range(2)
    ]


@pytest.mark.needs_spark("Spark's message, which Sail leaves to it")
def test_spark_refuses_what_sail_leaves_to_it(pipeline: Pipeline) -> None:
    """Each of the queries."""
    found = []
    for query in REFUSED:
        pipeline.notebook(NOTEBOOK.format(query=query))
        found += [problem.code.id for problem in problems(pipeline.run())]

    assert found == ["CBX501"] * len(REFUSED)
