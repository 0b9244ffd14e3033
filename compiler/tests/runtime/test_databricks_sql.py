"""SQL of Databricks that Spark does not know: what it becomes, without Spark and with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cbx.runtime.log.events import diagnostic_text
from cbx.runtime.sql.databricks_expressions import extract_json_paths, rename_functions
from cbx.runtime.sql.identifier_clauses import replace_identifiers
from cbx.runtime.sql.table_functions import table_functions
from cbx.runtime.sql.table_names import rewrite_table_names
from cbx.runtime.sql.table_options import tables_with_options
from cbx.runtime.sql.watermarks import watermarks
from compiler.tests.runtime.pipelines import Pipeline, problems


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT IFF(a > 0, 'iff(', b) FROM t", "SELECT if(a > 0, 'iff(', b) FROM t"),
        ("SELECT getdate(), charindex('a', b)", "SELECT now(), locate('a', b)"),
        ("SELECT iff, `iff`(1), my.iff(1) FROM iff", "SELECT iff, `iff`(1), my.iff(1) FROM iff"),
        ("SELECT iff('open", "SELECT iff('open"),
    ],
)
def test_functions_are_renamed(query: str, expected: str) -> None:
    """Only calls of the built-in functions; texts, columns and other functions of the name stay."""
    assert rename_functions(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT doc:a.b::int", "SELECT get_json_object(doc, '$.a.b')::int"),
        ("SELECT t.doc:lines[0].`unit price`", "SELECT get_json_object(t.doc, '$.lines[0][\\'unit price\\']')"),
        ("SELECT doc:['a b'][*].c > 1", "SELECT get_json_object(doc, '$[\\'a b\\'][*].c') > 1"),
        ("SELECT cast(x AS STRING):a", "SELECT get_json_object(cast(x AS STRING), '$.a')"),
        ("SELECT docs[1]:b", "SELECT get_json_object(docs[1], '$.b')"),
        ("SELECT doc\n:a\nFROM t", "SELECT get_json_object(doc\n, '$.a')\nFROM t"),
        ("SELECT :p, CAST(a AS STRUCT<b: INT, c: ARRAY<INT>>)", "SELECT :p, CAST(a AS STRUCT<b: INT, c: ARRAY<INT>>)"),
        ("SELECT 'a:b' -- c:d", "SELECT 'a:b' -- c:d"),
    ],
)
def test_paths_in_json_texts(query: str, expected: str) -> None:
    """The operator after columns, elements and calls; fields of types and parameters stay."""
    assert extract_json_paths(query) == expected


@pytest.mark.parametrize(
    ("query", "clauses"),
    [
        ("FROM s WATERMARK ts DELAY OF INTERVAL 10 MINUTES GROUP BY 1", ["WATERMARK ts DELAY OF INTERVAL 10 MINUTES"]),
        ("FROM s WATERMARK ts DELAY OF INTERVAL '1 hour' AS a", ["WATERMARK ts DELAY OF INTERVAL '1 hour'"]),
        (
            "FROM a WATERMARK date(t) AS d DELAY OF INTERVAL 1 HOUR 30 MINUTES b JOIN c",
            ["WATERMARK date(t) AS d DELAY OF INTERVAL 1 HOUR 30 MINUTES"],
        ),
        (
            "FROM c JOIN b WATERMARK d DELAY OF INTERVAL '0-1' YEAR TO MONTH USING (id)",
            ["WATERMARK d DELAY OF INTERVAL '0-1' YEAR TO MONTH"],
        ),
        ("SELECT watermark, delay FROM watermark", []),
    ],
)
def test_watermarks(query: str, clauses: list[str]) -> None:
    """A clause ends with the units of its interval."""
    assert [query[start:end] for start, end in watermarks(query)] == clauses


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "SELECT s.a FROM STREAM(s) WATERMARK ts DELAY OF INTERVAL 1 DAY WHERE s.a > 1",
            "SELECT s.a FROM v WATERMARK ts DELAY OF INTERVAL 1 DAY AS `s` WHERE s.a > 1",
        ),
        (
            "SELECT * FROM x.s WATERMARK ts DELAY OF INTERVAL 1 DAY AS u",
            "SELECT * FROM v WATERMARK ts DELAY OF INTERVAL 1 DAY AS u",
        ),
        ("SELECT * FROM s AS t JOIN u", "SELECT * FROM v AS t JOIN v AS `u`"),
    ],
)
def test_an_alias_stands_after_a_watermark(query: str, expected: str) -> None:
    """So that columns may still be written with the name of the table."""
    assert rewrite_table_names(query, lambda _, __: "v") == expected


def test_identifiers_are_replaced_where_they_are_constant() -> None:
    """As a table, a column or a function; what is not constant is left to Spark."""
    values: dict[str, Any] = {"'a.' || 'b'": "a.b", "'upper'": "upper"}

    assert replace_identifiers(
        "SELECT IDENTIFIER('upper')(x), identifier FROM STREAM IDENTIFIER('a.' || 'b') JOIN IDENTIFIER(:t)", values.get
    ) == ("SELECT upper(x), identifier FROM STREAM a.b JOIN IDENTIFIER(:t)")


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        ("SELECT * FROM STREAM(read_files('a', x => f(1, 2))) t", [("STREAM(read_files('a', x => f(1, 2)))", True, 2)]),
        (
            "FROM cloud_files('a', 'csv') JOIN read_files('b')",
            [("cloud_files('a', 'csv')", True, 2), ("read_files('b')", False, 1)],
        ),
        ("SELECT read_files, 'read_files(1)' FROM read_files -- read_files(2)", []),
        ("SELECT * FROM read_files('a'", []),
    ],
)
def test_calls_that_read_files(query: str, calls: list[tuple[str, bool, int]]) -> None:
    """With STREAM and its brackets; comments, texts and names are none."""
    actual = [(query[call.start : call.end], call.is_stream, len(call.arguments)) for call in table_functions(query)]

    assert actual == calls


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        (
            "SELECT * FROM STREAM(a.b WITH ('skipChangeCommits' = 'true')) c",
            [("STREAM(a.b WITH ('skipChangeCommits' = 'true'))", "a.b", {"skipChangeCommits": "true"}, True)],
        ),
        ("FROM STREAM t WITH (x = 1, 'y' 'z')", [("STREAM t WITH (x = 1, 'y' 'z')", "t", {"x": "1", "y": "z"}, False)]),
        ("WITH t AS (SELECT 1) SELECT count(*) FROM t GROUP BY a WITH ROLLUP", []),
        ("SELECT * FROM t WITH (SELECT 1)", []),
    ],
)
def test_tables_with_options(query: str, tables: list[tuple[str, str, dict[str, str], bool]]) -> None:
    """Common tables and groups have a WITH, too."""
    found = tables_with_options(query)

    assert [(query[t.start : t.end], t.name.written, t.options, t.has_alias) for t in found] == tables


EVENTS = """
    import dlt

    @dlt.view
    def landed():
        return (spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
                .schema("id INT, at TIMESTAMP, doc STRING").load("landing/events"))

    @dlt.table
    def events():
        return spark.sql("SELECT id, at, doc, _metadata.file_name AS origin FROM STREAM(landed)")
"""
STATEMENTS = """
    USE CATALOG main;
    SET kind = events;
    SET kind;

    CREATE OR REFRESH MATERIALIZED VIEW IDENTIFIER('shop.' || 'facts') SCHEDULE EVERY 1 HOUR REFRESH POLICY AUTO AS
    SELECT e.id, iff(id > 1, 'more', 'one') AS size, e.doc:user.name AS name, doc:n::int AS n
    FROM IDENTIFIER('events') AS e
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY at DESC) = 1;

    CREATE STREAMING TABLE hourly AS
    SELECT window(at, '1 hour').start AS hour, count(*) AS n
    FROM STREAM(events) WATERMARK at DELAY OF INTERVAL 10 MINUTES GROUP BY window(at, '1 hour');

    CREATE STREAMING TABLE users FLOW AUTO CDC FROM STREAM read_files('landing/${kind}', format => 'json')
    KEYS (id) SEQUENCE BY at COLUMNS (id, at) STORED AS SCD TYPE 1;

    CREATE STREAMING TABLE names;
    CREATE STREAMING TABLE new_users AS
    SELECT users.id FROM STREAM(users WITH ('skipChangeCommits' = 'true')) WHERE users.id > 0;

    APPLY CHANGES INTO names FROM (SELECT id, at, doc:user.name AS name FROM STREAM(events)) KEYS (id) SEQUENCE BY at
"""


@pytest.mark.needs_spark("queries that Sail does not parse")
def test_databricks_sql_runs_on_spark(pipeline: Pipeline) -> None:
    """Functions, paths, watermarks, names, and changes that are read from files or a query."""
    pipeline.notebook(EVENTS)
    pipeline.notebook(STATEMENTS, "facts.sql")
    pipeline.land(
        "events/1.json",
        """\
        {"id": 1, "at": "2026-01-01T10:00:00Z", "doc": {"user": {"name": "Ann"}, "n": 3}}
        {"id": 2, "at": "2026-01-01T10:05:00Z", "doc": {"user": {"name": "Bob"}}}
        {"id": 2, "at": "2026-01-01T12:00:00Z", "doc": {"user": {"name": "Eve"}, "n": 4}}
        """,
    )
    pipeline.succeed()

    assert pipeline.rows("shop.facts") == [(1, "one", "Ann", 3), (2, "more", "Eve", 4)]
    assert [row[3] for row in pipeline.rows("events")] == ["1.json"] * 3
    assert [(hour.hour, count) for hour, count in pipeline.rows("hourly")] == [(10, 2)]
    assert [row[1] for row in pipeline.rows("users")] == [1, 2]
    assert pipeline.columns("new_users") == ["id"]
    assert [(row[0], row[2]) for row in pipeline.rows("names")] == [(1, "Ann"), (2, "Eve")]


def test_a_misspelt_option_is_shown_at_its_place(pipeline: Pipeline) -> None:
    """Before anything runs."""
    pipeline.notebook("CREATE STREAMING TABLE t AS\nSELECT * FROM STREAM read_files('x', fromat => 'json')", "t.sql")
    (problem,) = problems(pipeline.run())

    assert (problem.span.line, problem.span.column) == (2, 38)
    assert "read_files has no option `fromat`" in diagnostic_text(problem)
    assert problem.hint == "did you mean `format`?"


def test_notebooks_of_both_languages_are_one_pipeline(pipeline: Pipeline) -> None:
    """A Jupyter notebook with Python and SQL cells, and a SQL notebook whose cells have no semicolons."""
    python = ["import dlt\n", "\n", "@dlt.table\n", "def ports():\n", "    return spark.range(2, 4)\n"]
    cells = [
        {"cell_type": "code", "source": source} for source in (python, "%sql\nCREATE VIEW v AS SELECT * FROM ports")
    ]
    pipeline.notebook(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=1), "ports.ipynb")
    pipeline.notebook(
        """
        -- Databricks notebook source
        -- MAGIC %python
        -- MAGIC raise ValueError

        -- COMMAND ----------

        CREATE MATERIALIZED VIEW ${layer}.high AS SELECT max(id) AS id FROM v

        -- COMMAND ----------

        CREATE MATERIALIZED VIEW ${layer}.low AS SELECT min(id) AS id FROM v
        """,
        "ends.sql",
    )
    pipeline.succeed(configuration={"layer": "gold"})

    assert (pipeline.rows("gold.high"), pipeline.rows("gold.low")) == ([(3,)], [(2,)])
