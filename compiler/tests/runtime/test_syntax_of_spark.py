"""What Spark's parser takes is read, whichever words name its columns."""

from __future__ import annotations

import os

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType
from sqlglot.tokens import Tokenizer

from cbx.parse.databricks_sql.dialect import read_statements

SHARE = int(os.environ.get("SYNTAX_OF_SPARK", "4"))
"""Every which pair of a word and a place is tried; `make soak` tries all."""

PLACES = (
    "SELECT {} FROM t", "SELECT a, {}, b FROM t", "SELECT a AS {} FROM t", "SELECT a {} FROM t",
    "SELECT sum({}) FROM t", "SELECT a FROM t WHERE {} > 1", "SELECT a FROM t WHERE b = 1 AND {} IS NULL",
    "SELECT a FROM t GROUP BY {}", "SELECT a FROM t ORDER BY {} DESC", "SELECT t.{}, {}.b FROM t",
    "SELECT 1 + {} AS z FROM t", "SELECT * EXCEPT ({}) FROM t", "SELECT a FROM t JOIN u USING ({})",
    "SELECT CASE WHEN {} = 1 THEN {} END FROM t", "SELECT CAST({} AS INT) FROM t",
    "SELECT sum(a) OVER (PARTITION BY {} ORDER BY {}) FROM t", "SELECT a FROM t WHERE {} IN (1)",
)  # fmt: skip
RESERVED = frozenset({
    "ALL", "AND", "AS", "CASE", "COLLATE", "DESCRIBE", "DISTINCT", "ELSE", "EXCEPT", "FROM", "HAVING", "IF", "ILIKE",
    "IN", "INTERSECT", "LIKE", "NOT", "ON", "OR", "OVERLAPS", "SELECT", "THEN", "UNION", "USING", "WHEN", "WHERE",
    "WITH",
})  # fmt: skip
"""Words that Spark takes for columns in places where hardly anybody means them: to read them would hide mistakes."""

QUERIES = (
    "TABLE t", "TABLE t |> DROP a |> SET b = 1, c = b", "VALUES (1) |> SELECT col1", "FROM t |> CLUSTER BY a",
    "SELECT a >>> 1 >> 2 FROM t", "FROM t |> MINUS SELECT * FROM u |> WHERE true", "SELECT X 'F0', x\"f0\"",
    "SELECT a FROM t WITH (`k` = 1)",
    "SELECT * FROM STREAM t WATERMARK to_timestamp(a) AS ts DELAY OF INTERVAL '10' MINUTES AS x",
    "WITH RECURSIVE t(n) MAX RECURSION LEVEL 20 AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t LIMIT ALL",
    "SELECT CAST(a AS STRING COLLATE UNICODE), a COLLATE UTF8_LCASE FROM t",
    "SELECT * FROM f(TABLE(t) PARTITION BY a ORDER BY b)",
    "SELECT window, sum(any) OVER (CLUSTER BY values) FROM t GROUP BY window",
    "SELECT c:a.b::int, c:a[0].b, c:`a b` FROM t", "SELECT * EXCEPT (s.a) FROM t",
    "SELECT count(* EXCEPT (a)) FROM t", "SELECT a FROM t ORDER BY ALL LIMIT ALL OFFSET 3",
    "SELECT INTERVAL '1 10:00' DAY TO MINUTE, INTERVAL 1 DAY 2 HOURS, INTERVAL (a + 1) DAYS FROM t",
    "SELECT 1L, 2S, 3Y, 4.5BD, 1.2D, 1E3F, .5", "SELECT 'a' 'b', r'\\d', R\"x\"",
    "SELECT a LIKE ANY ('b'), a NOT ILIKE ALL ('b'), a RLIKE 'c', a <=> b, !a, ~a FROM t",
    "SELECT lag(a) IGNORE NULLS OVER (ORDER BY b), mode() WITHIN GROUP (ORDER BY a) FROM t",
    "SELECT f(a => 1, b => x -> x + 1) FROM t", "SELECT * FROM t TABLESAMPLE (10 PERCENT) REPEATABLE (3)",
    "SELECT * FROM t TABLESAMPLE (BUCKET 1 OUT OF 10)", "SELECT * FROM t VERSION AS OF 3",
    "SELECT * FROM t UNPIVOT INCLUDE NULLS ((v, w) FOR n IN ((a, b) AS x, (c, d) AS y))",
    "SELECT * FROM t PIVOT (sum(a), count(a) FOR (b, c) IN ((1, 2), (3, 4)))",
    "SELECT * FROM t, LATERAL explode(a) AS e(x)", "SELECT * FROM t LATERAL VIEW OUTER explode(a) x",
    "SELECT TRANSFORM(a, b) USING 'cat' AS (c, d) FROM t", "FROM t SELECT a", "SELECT * FROM IDENTIFIER('a.b')",
    "SELECT :param", "SELECT a FROM t MINUS ALL SELECT a FROM u", "SELECT timestampadd(DAY, 1, a) FROM t",
    "SELECT extract(WEEK FROM a), overlay(a PLACING 'b' FROM 1 FOR 2), position('a' IN b) FROM t",
)  # fmt: skip


def is_parsed_by_spark(spark: SparkSession, query: str) -> bool:
    try:
        spark._jsparkSession.sessionState().sqlParser().parsePlan(query)
    except PySparkException:
        return False
    return True


def is_keyword(word: str) -> bool:
    """Whether a word is more than a name to sqlglot."""
    return [token.token_type for token in Tokenizer(dialect="databricks").tokenize(word)] != [TokenType.VAR]


def is_read(query: str) -> bool:
    try:
        return len(read_statements(query)) == 1
    except SqlglotError:
        return False


def test_every_word_of_spark_may_name_a_column(spark: SparkSession) -> None:
    """Keywords in any place; those that Spark does not take there need not be read."""
    words = [row[0] for row in spark.sql("SELECT keyword FROM sql_keywords()").collect()]
    known = [word for word in words if word not in RESERVED and is_keyword(word)]
    queries = [place.replace("{}", word.lower()) for word in known for place in PLACES][::SHARE]
    refused = [query for query in queries if not is_read(query)]

    assert [query for query in refused if is_parsed_by_spark(spark, query)] == []
    assert len(known) > 100


def test_what_spark_parses_is_read(spark: SparkSession) -> None:
    """One query for each piece of the SQL reference that was once in doubt."""
    refused = [query for query in QUERIES if not is_parsed_by_spark(spark, query)]
    unread = [query for query in QUERIES if not is_read(query)]

    assert (refused, unread) == ([], [])
