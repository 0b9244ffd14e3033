"""Holds the page about SQL against the statements: each row has an example that does what the row says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbx.runtime.definitions import Registry
from cbx.runtime.errors import InvalidStatementsError
from cbx.runtime.notebooks.sql_statements import define_statements
from cbx.runtime.sql.current_schema import CurrentSchema
from cbx.runtime.sql.databricks_expressions import _RENAMED
from cbx.runtime.sql.parameters import SqlText
from cbx.runtime.sql.table_clauses import _READERS
from cbx.runtime.sql.table_functions import _NAMES
from compiler.tests.runtime.test_api_page import PAGE, Line, lines

LINES = [line for line in lines(PAGE.read_text(encoding="utf-8")) if line.function.startswith("SQL ")]
QUERIES = {line.parameter: line for line in LINES if line.function == "SQL queries"}
STATEMENTS = [line for line in LINES if line.function != "SQL queries"]

TABLE = "CREATE STREAMING TABLE t {} AS SELECT * FROM STREAM(s)"
COLUMNS = "CREATE STREAMING TABLE t (id INT{})"
INSERT = "CREATE FLOW f AS INSERT {} SELECT * FROM STREAM(s)"
CHANGES = "CREATE FLOW f AS AUTO CDC INTO t FROM STREAM(s) KEYS (id) {} SEQUENCE BY at"
EXAMPLES = {
    "CREATE STREAMING TABLE": "CREATE OR REFRESH PRIVATE STREAMING TABLE IF NOT EXISTS t",
    "CREATE MATERIALIZED VIEW": "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 1",
    "CREATE TEMPORARY VIEW": "CREATE TEMPORARY VIEW v AS SELECT 1",
    "CREATE VIEW": "CREATE VIEW v AS SELECT 1",
    "CREATE LIVE TABLE": "CREATE OR REFRESH LIVE TABLE v AS SELECT 1",
    "CREATE STREAMING LIVE TABLE": "CREATE STREAMING LIVE TABLE v AS SELECT * FROM STREAM(LIVE.s)",
    "CREATE INCREMENTAL LIVE TABLE": "CREATE INCREMENTAL LIVE TABLE v AS SELECT * FROM STREAM(LIVE.s)",
    "CREATE LIVE VIEW": "CREATE TEMPORARY LIVE VIEW v AS SELECT 1",
    "CREATE FLOW AS INSERT INTO": INSERT.format("INTO t BY NAME"),
    "CREATE FLOW AS AUTO CDC INTO": CHANGES.format(""),
    "APPLY CHANGES INTO": "APPLY CHANGES INTO LIVE.t FROM STREAM(LIVE.s) KEYS (id) SEQUENCE BY at",
    "SET": "SET a = b; SET a",
    "USE CATALOG": "USE CATALOG main",
    "USE SCHEMA": "USE SCHEMA silver",
    "USE DATABASE": "USE DATABASE main.silver",
    "SELECT": "SELECT 1",
    "INSERT INTO": "INSERT INTO t SELECT 1",
    "AS": TABLE.format(""),
    "FLOW AUTO CDC": "CREATE STREAMING TABLE t FLOW AUTO CDC FROM STREAM(s) KEYS (id) SEQUENCE BY at",
    "FLOW REPLACE": "CREATE STREAMING TABLE t FLOW REPLACE WHERE at > 1 BY NAME SELECT * FROM s",
    "COMMENT": TABLE.format("COMMENT 'c'"),
    "TBLPROPERTIES": TABLE.format("TBLPROPERTIES ('a' = 'b')"),
    "USING": TABLE.format("USING DELTA"),
    "CLUSTER BY": TABLE.format("CLUSTER BY AUTO"),
    "PARTITIONED BY": TABLE.format("PARTITIONED BY (day)"),
    "LOCATION": TABLE.format("LOCATION '/there'"),
    "DEFAULT COLLATION": TABLE.format("DEFAULT COLLATION UTF8_BINARY"),
    "REFRESH POLICY": TABLE.format("REFRESH POLICY INCREMENTAL STRICT"),
    "ROW FILTER": TABLE.format("ROW FILTER f ON (id)"),
    "WITH ROW FILTER": TABLE.format("WITH ROW FILTER f ON (id)"),
    "SCHEDULE": TABLE.format("SCHEDULE REFRESH CRON '0 0 * * * ?' AT TIME ZONE 'UTC'"),
    "TRIGGER ON": TABLE.format("TRIGGER ON UPDATE AT MOST EVERY INTERVAL 1 HOUR"),
    "CONSTRAINT EXPECT": COLUMNS.format(", CONSTRAINT c EXPECT (id > 0) ON VIOLATION FAIL UPDATE"),
    "NOT NULL": COLUMNS.format(" NOT NULL"),
    "GENERATED ALWAYS AS": COLUMNS.format(", b INT GENERATED ALWAYS AS (id + 1)"),
    "PRIMARY KEY": COLUMNS.format(" PRIMARY KEY RELY"),
    "FOREIGN KEY": COLUMNS.format(", FOREIGN KEY (id) REFERENCES u (id)"),
    "REFERENCES": COLUMNS.format(" REFERENCES u"),
    "COLLATE": COLUMNS.format(", b STRING COLLATE UTF8_LCASE"),
    "DEFAULT": COLUMNS.format(" DEFAULT 1"),
    "MASK": COLUMNS.format(" MASK f USING COLUMNS (id)"),
    "ONCE": INSERT.format("ONCE INTO t BY NAME"),
    "BY NAME": INSERT.format("INTO t BY NAME"),
    "REPLACE USING": INSERT.format("INTO t REPLACE USING (id) BY NAME"),
    "REPLACE USING SEQUENCE BY": INSERT.format("INTO t BY NAME REPLACE USING (id) SEQUENCE BY at"),
    "REPLACE WHERE": INSERT.format("INTO t REPLACE WHERE id > 1 BY NAME"),
    "FROM": "APPLY CHANGES INTO t FROM STREAM read_files('x', format => 'json') KEYS (id) SEQUENCE BY at",
    "KEYS": CHANGES.format(""),
    "SEQUENCE BY": CHANGES.format(""),
    "IGNORE NULL UPDATES": CHANGES.format("IGNORE NULL UPDATES ON * EXCEPT (a)"),
    "APPLY AS DELETE WHEN": CHANGES.format("APPLY AS DELETE WHEN op = 'D'"),
    "APPLY AS TRUNCATE WHEN": CHANGES.format("APPLY AS TRUNCATE WHEN op = 'T'"),
    "COLUMNS": CHANGES.format("COLUMNS * EXCEPT (op)"),
    "STORED AS SCD TYPE": CHANGES.format("STORED AS SCD TYPE 2"),
    "TRACK HISTORY ON": CHANGES.format("STORED AS SCD TYPE 2 TRACK HISTORY ON (a)"),
    "FROM SNAPSHOT": "CREATE FLOW f AS AUTO CDC INTO t FROM SNAPSHOT s KEYS (id)",
    "SYSTEM SEQUENCE BY": CHANGES.format("SYSTEM SEQUENCE BY at"),
    "STORED AS BITEMPORAL": CHANGES.format("STORED AS BITEMPORAL"),
    "COLUMNS TO UPDATE": CHANGES.format("COLUMNS TO UPDATE (a)"),
}


class Settings:
    """What a session is asked for while statements are read: its configuration."""

    @property
    def conf(self) -> Settings:
        return self

    def set(self, key: str, value: str) -> None:
        """Nothing is kept."""


def standing_of(text: str) -> tuple[str, str]:
    """How statements went, in the words of the page, and what was said."""
    registry = Registry()
    try:
        define_statements(SqlText.plain(text, Path("p.sql")), Settings(), registry, lambda _: None, CurrentSchema())  # type: ignore[arg-type] # no query runs
    except InvalidStatementsError as error:
        return "refused", error.diagnostic.message
    notes = [text for text, _ in registry.notes]
    return ("noted", " / ".join(notes)) if notes else ("supported", "")


@pytest.mark.parametrize("line", STATEMENTS, ids=lambda line: line.parameter)
def test_a_clause_is_what_the_page_says(line: Line) -> None:
    """Supported ones pass in silence, noted ones leave their note, refused ones say why."""
    expected = (line.standing, line.quoted if line.standing != "supported" else "")

    assert standing_of(EXAMPLES[line.parameter]) == expected


def test_the_page_lists_every_clause() -> None:
    """No more and no fewer than have an example, and all that the parser knows."""
    listed = {line.parameter for line in STATEMENTS}

    assert listed == set(EXAMPLES)
    assert set(_READERS) <= listed


def test_the_page_lists_every_function() -> None:
    """Those that read files and services, and those that have another name in Spark."""
    assert {*_NAMES, *_RENAMED} <= set(QUERIES)


def test_a_missing_semicolon_is_shown_where_the_next_statement_starts() -> None:
    """Spark would only find the query invalid."""
    text = "CREATE VIEW v AS SELECT 1 AS create\n\nCREATE STREAMING TABLE t AS SELECT 1"
    with pytest.raises(InvalidStatementsError) as raised:
        define_statements(SqlText.plain(text, Path("p.sql")), Settings(), Registry(), lambda _: None, CurrentSchema())  # type: ignore[arg-type] # as above
    (problem,) = raised.value.diagnostics

    assert problem.message == "a semicolon is missing before CREATE"
    assert problem.span is not None
    assert (problem.span.line, problem.span.column) == (3, 1)
