"""Databricks SQL that sqlglot does not read by itself."""

from __future__ import annotations

from itertools import product

import pytest
from sqlglot.errors import SqlglotError

from cbx.parse.databricks_sql.dialect import read_one, read_sql

SAME = (
    ("TABLE a.b", "SELECT * FROM a.b"),
    ("TABLE a UNION ALL TABLE b", "SELECT * FROM a UNION ALL SELECT * FROM b"),
    ("SELECT x FROM a WHERE x IN (TABLE b)", "SELECT x FROM a WHERE x IN (SELECT * FROM b)"),
    ("TABLE a |> SELECT x", "SELECT * FROM a |> SELECT x"),
    ("VALUES (1, 2) |> WHERE col1 > 1", "SELECT * FROM VALUES (1, 2) |> WHERE col1 > 1"),
    ("FROM a |> DROP x, y", "FROM a |> SELECT * EXCEPT (x, y)"),
    (
        "FROM a |> SET x = f(y, 1), y = x + 1",
        "FROM a |> SELECT * REPLACE ((f(y, 1)) AS x) |> SELECT * REPLACE ((x + 1) AS y)",
    ),
    ("FROM a |> SORT BY x DESC |> LIMIT 2", "FROM a |> ORDER BY x DESC |> LIMIT 2"),
    ("FROM a |> EXCEPT SELECT x FROM b |> SELECT x", "FROM a |> EXCEPT (SELECT x FROM b) |> SELECT x"),
    ("FROM a |> UNION ALL TABLE b", "FROM a |> UNION ALL (SELECT * FROM b)"),
    ("SELECT X '1F', x \"a0\"", "SELECT X'1F', X'a0'"),
    (
        "WITH RECURSIVE t(n) MAX RECURSION LEVEL 9 AS (SELECT 1) SELECT n FROM t",
        "WITH RECURSIVE t(n) AS (SELECT 1) SELECT n FROM t",
    ),
    ("SELECT sum(x) OVER (CLUSTER BY y) FROM a", "SELECT sum(x) OVER (PARTITION BY y) FROM a"),
    ("SELECT sum(x) OVER (DISTRIBUTE BY y SORT BY z) FROM a", "SELECT sum(x) OVER (PARTITION BY y ORDER BY z) FROM a"),
    (
        "SELECT sum(x) OVER w FROM a WINDOW w AS (CLUSTER BY y)",
        "SELECT sum(x) OVER w FROM a WINDOW w AS (PARTITION BY y)",
    ),
    ("SELECT CAST(x AS TIMESTAMP WITHOUT TIME ZONE)", "SELECT CAST(x AS TIMESTAMP_NTZ)"),
    ("SELECT * FROM a WITH ('k' = 1, k.l = 'v') AS b", "SELECT * FROM a AS b"),
    ("SELECT * FROM f(TABLE(a) PARTITION BY x ORDER BY y)", "SELECT * FROM f(TABLE(a))"),
    ("SELECT * FROM STREAM a WATERMARK at DELAY OF INTERVAL 2 DAYS AS b", "SELECT * FROM STREAM a AS b"),
    (
        "SELECT t FROM STREAM a WATERMARK f(x) AS t DELAY OF INTERVAL '2' DAYS AS b",
        "SELECT t FROM (SELECT *, f(x) AS t FROM STREAM a) AS b",
    ),
    ("SELECT values, sum(any) FROM a GROUP BY values", "SELECT `values`, sum(`any`) FROM a GROUP BY `values`"),
    ("SELECT +x, max(+1), x + +1, x + 1", "SELECT - -x, max(- -1), x + - -1, x + 1"),
    ("SELECT x FROM a GROUP BY window ORDER BY window", "SELECT x FROM a GROUP BY `window` ORDER BY `window`"),
    ("SELECT x values, offset + 1 AS limit FROM a", "SELECT x AS `values`, `offset` + 1 AS `limit` FROM a"),
    ("SELECT CAST(x AS STRUCT<from: STRING, to: STRING>)", "SELECT CAST(x AS STRUCT<`from`: STRING, to: STRING>)"),
)
UNCHANGED = (
    "SELECT x FROM a CROSS JOIN b LATERAL VIEW explode(c) AS d WINDOW w AS (PARTITION BY x)",
    "SELECT * FROM VALUES (1), (2) WHERE x LIKE ANY ('a', 'b') LIMIT 3",
    "SELECT CAST(x AS MAP<STRING, ARRAY<ARRAY<INT>>>) FROM a",
    "SELECT x FROM a CLUSTER BY x",
    "SELECT 'a >>> b', \"TABLE t\" -- X '1F'\nFROM a",
    "SELECT x > y, count(*) FROM a GROUP BY x WITH ROLLUP",
)
OPERANDS = ("x", "x.y", "`x`", "date", "f(x)", "m['k']", "1", "'t'", "NULL", "CAST(x AS INT)", "CASE WHEN x THEN 1 END")
SIGNED = ("-1", "- x", ":n", "NOT x", "-f(x)")
CLAUSES = (
    "SELECT {operand} BETWEEN {value} AND {value} FROM a", "SELECT 1 FROM a WHERE {operand} NOT BETWEEN {value} AND 1",
    "SELECT {operand} FROM a QUALIFY {value}", "SELECT 1 FROM a WHERE {operand} LIMIT {value}",
    "SELECT 1 FROM a ORDER BY {operand} LIMIT 1 OFFSET {value}",
)  # fmt: skip
COLUMNS_OF_WORDS = ("between", "limit", "offset", "qualify", "window", "any", "interval", "values")
INTERVALS = ("INTERVAL -1 DAY", "INTERVAL - '3' hours", "d - INTERVAL -2 MONTHS", "date + INTERVAL -1 minute")
WRONG = (
    "SELECT >>> x FROM a", "SELECT x >>> FROM a", "SELECT x FROM a CROSS", "SELECT x FROM a JOIN", "TABLE a b c",
    "FROM a |> DROP", "FROM a |> SET x", "FROM a |> SET", "FROM a |> UNION ALL", "FROM a |> GUESS x",
    "VALUES (1, |> SELECT x", "WITH RECURSIVE t MAX RECURSION LEVEL AS (SELECT 1) SELECT 1",
    "SELECT CAST(x AS TIMESTAMP WITHOUT TIME) FROM a", "SELECT * FROM STREAM a WATERMARK at DELAY 1 DAY",
    "SELECT * FROM STREAM a WATERMARK DELAY OF INTERVAL 1 DAY", "SELECT values( FROM a",
    "SELECT x FROM a INNER b ON x", "SELECT x FROM a CROSS b", "SELECT x BETWEEN 1 FROM a",
    "SELECT sum(x) OVER (PARTITION y) FROM a",
)  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), SAME)
def test_it_is_read_as_what_it_means(written: str, meant: str) -> None:
    """What Databricks says in its own words gives the tree of what others say."""
    assert read_one(written).sql("databricks") == read_one(meant).sql("databricks")


@pytest.mark.parametrize("written", UNCHANGED)
def test_other_uses_of_the_words_are_left_alone(written: str) -> None:
    """The words and signs of these rules have other uses, and stand in texts."""
    from sqlglot import parse_one

    assert read_one(written) == parse_one(written, dialect="databricks")


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_may_begin_with_a_sign(clause: str) -> None:
    """``BETWEEN`` in ``x BETWEEN -1 AND 1`` is no column from which 1 is taken away, whatever stands before it."""
    from sqlglot import parse_one

    for operand, value in product(OPERANDS, SIGNED):
        written = clause.format(operand=operand, value=value)
        assert read_one(written) == parse_one(written, dialect="databricks"), written


@pytest.mark.parametrize("written", INTERVALS)
def test_an_interval_may_have_a_sign(written: str) -> None:
    """It is no column called ``interval``."""
    from sqlglot import parse_one

    assert read_one(f"SELECT {written} AS x FROM a") == parse_one(f"SELECT {written} AS x FROM a", dialect="databricks")


@pytest.mark.parametrize("word", COLUMNS_OF_WORDS)
def test_a_sign_after_a_column_is_an_operator(word: str) -> None:
    """A word of a clause names a column where only a value can stand."""
    for place in ("{} - 1", "1 + {} - 1", "x AND {} - y > 2", "f({} - x)", "t.{} - 1"):
        written, quoted = (f"SELECT {place.format(name)} FROM t" for name in (word, f"`{word}`"))
        assert read_one(written).sql("databricks") == read_one(quoted).sql("databricks"), written


@pytest.mark.parametrize("written", WRONG)
def test_what_is_wrong_stays_wrong(written: str) -> None:
    """What Spark refuses is no query because it has one of these words."""
    with pytest.raises(SqlglotError):
        read_sql(written)


def test_an_unsigned_shift_is_no_other_expression() -> None:
    """It binds as ``>>`` does, and is not mistaken for it."""
    shifted = read_one("SELECT x + 1 >>> 2, x + 1 >> 2")
    first, second = shifted.expressions

    assert first.this == second.this
    assert first != second


def test_places_stay_those_of_the_text() -> None:
    """A column behind what was replaced is where it was."""
    text = "TABLE a |> DROP x, lost"
    columns = [node for node in read_one(text).walk() if node.meta.get("start") == text.index("lost")]

    assert columns
