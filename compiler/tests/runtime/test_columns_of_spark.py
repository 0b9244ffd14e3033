"""The columns of queries whose rows are not understood, against Spark: none is lost, and none has another type."""

from __future__ import annotations

from pyspark.sql import SparkSession

from cbx.analysis.columns import output_columns
from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.parse.databricks_sql.types import is_same_type

COLUMNS = {
    "no": "BIGINT",
    "label": "STRING",
    "cost": "DECIMAL(10,2)",
    "pieces": "INT",
    "built": "DATE",
    "read_at": "TIMESTAMP",
    "ratio": "DOUBLE",
    "box": "STRUCT<w: INT, h: STRING>",
    "deep": "STRUCT<inside: STRUCT<a: INT, B: DATE>, list: ARRAY<INT>>",
    "marks": "ARRAY<STRING>",
    "extra": "MAP<STRING, INT>",
    "parts": "ARRAY<STRUCT<w: INT, h: STRING>>",
}
QUERIES = (
    "SELECT no, box.* FROM t",
    "SELECT no, t.box.* EXCEPT (w) FROM t",
    "SELECT deep.inside.*, 1 AS one FROM t",
    "SELECT d.* FROM (SELECT deep.inside AS d FROM t)",
    "SELECT * FROM (SELECT no, pieces, no AS other FROM t) UNPIVOT (val FOR what IN (pieces, other))",
    (
        "SELECT * FROM (SELECT no, pieces, no AS o, cost a, cost b FROM t) UNPIVOT ((v, w) FOR what IN ((pieces, a) "
        "AS x, (o, b)))"
    ),
    (
        "SELECT u.*, u.what FROM (SELECT no, pieces, no AS other FROM t) UNPIVOT (val FOR what IN (pieces AS p, "
        "other)) AS u"
    ),
    "SELECT id FROM range(10)",
    "SELECT r.n + 1 AS m, n FROM range(1, 10, 2) AS r(n)",
    "SELECT 'a' AS src, no, pieces AS x FROM t UNION ALL SELECT 'b', no, ratio FROM t",
    "SELECT no AS x FROM t UNION SELECT pieces FROM t",
    "SELECT label AS x FROM t UNION ALL SELECT pieces FROM t",
    "SELECT built AS x FROM t UNION ALL SELECT read_at FROM t",
    "SELECT cost AS x FROM t UNION ALL SELECT ratio FROM t",
    "SELECT pieces, label FROM t EXCEPT SELECT ratio, label FROM t",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r",
    (
        "WITH RECURSIVE r AS (SELECT no AS i, label FROM t UNION ALL SELECT i + 1, label FROM r WHERE i < 5) SELECT "
        "*, upper(label) AS u FROM r"
    ),
    "SELECT explode(marks) FROM t",
    "SELECT no, explode(marks) AS mark FROM t",
    "SELECT explode(extra), no FROM t",
    "SELECT explode(extra) AS (k, v) FROM t",
    "SELECT posexplode(marks) FROM t",
    "SELECT posexplode(extra) FROM t",
    "SELECT posexplode(marks) AS (p, mark) FROM t",
    "SELECT explode_outer(extra) FROM t",
    "SELECT posexplode_outer(marks) FROM t",
    "SELECT inline(parts) FROM t",
    "SELECT inline_outer(parts) AS (a, b) FROM t",
    "SELECT json_tuple(label, 'a', 'b'), pieces FROM t",
    "SELECT json_tuple(label, 'a', 'b') AS (x, y) FROM t",
    "SELECT stack(2, 1, 'a', 2, 'b') FROM t",
    "SELECT stack(2, 1, 'a', 2) AS (x, y) FROM t",
    "SELECT no, e.* FROM t LATERAL VIEW explode(marks) e",
    "SELECT no, e.key, value FROM t LATERAL VIEW OUTER explode(extra) e",
    "SELECT * FROM t LATERAL VIEW posexplode(marks) e AS n, mark",
    "SELECT no, w, h FROM t LATERAL VIEW inline(parts) p",
    "SELECT no, x FROM t, LATERAL explode(marks) AS e(x)",
    "SELECT no, col FROM t, LATERAL explode(marks)",
    "SELECT explode(split(label, ',')) FROM t",
    "SELECT explode(deep.list) FROM t",
    "SELECT explode(map_keys(extra)) FROM t",
    "SELECT * FROM (SELECT label, pieces, cost FROM t) PIVOT (sum(cost) FOR pieces IN (1 AS one, 2 AS two))",
    (
        "SELECT * FROM (SELECT label, pieces, cost FROM t) PIVOT (sum(cost) AS s, max(cost) AS m FOR pieces IN (1 AS "
        "one, 2))"
    ),
    "SELECT * FROM (SELECT label, pieces, cost FROM t) PIVOT (sum(cost) AS s FOR label IN ('x', 'y z'))",
    "SELECT p.*, p.one FROM (SELECT label, pieces, cost FROM t) PIVOT (count(*) FOR pieces IN (1 AS one)) AS p",
    (
        "SELECT * FROM (SELECT label, pieces, cost, built FROM t) PIVOT (sum(cost) FOR (label, pieces) IN (('a', 1) "
        "AS x, ('b', 2) AS y))"
    ),
    (
        "SELECT label, pieces, built, no, box.w, ratio, count(*) AS n, day(built) AS d FROM t GROUP BY ROLLUP "
        "(label, pieces, built, no, box.w, ratio, 8)"
    ),
    (
        "SELECT label, pieces, built, no, count(*) AS n FROM t GROUP BY CUBE (label, pieces, built, no, cost, ratio, "
        "read_at)"
    ),
    "SELECT i.no, l.n FROM t AS i, LATERAL (SELECT i.pieces + 1 AS n) AS l",
    "SELECT * FROM t AS i JOIN LATERAL (SELECT i.no AS n, i.label b) AS l ON true",
    "SELECT * EXCEPT (box.w) FROM t",
    "SELECT 1 AS x, array() AS y UNION ALL SELECT NULL, array('a')",
    "SELECT * FROM (SELECT no, pieces, ratio FROM t) UNPIVOT (val FOR what IN (pieces, ratio))",
    "SELECT timediff(HOUR, read_at, read_at) AS h, datediff(MINUTE, built, read_at) AS m FROM t",
    "SELECT datediff(read_at, built) AS d, date_add(WEEK, 1, built) AS w, timestampadd(DAY, 1, read_at) AS x FROM t",
    "SELECT transform(parts, p -> p.w + cost) AS a, aggregate(deep.list, 0, (s, n) -> s + n) AS b FROM t",
    "SELECT filter(parts, p -> p.h = 'x')[0].w + 1.5 AS a, map_zip_with(extra, extra, (k, v, w) -> k || v) AS b FROM t",
    "SELECT read_at - built AS a, built + INTERVAL 1 MONTH AS b, built + INTERVAL 1 HOUR AS c, '1' + cost AS d FROM t",
    "SELECT CASE pieces WHEN 1 THEN cost ELSE label END AS a, array_join(marks, ',') AS b FROM t",
    "SELECT l.* FROM t AS i LEFT JOIN LATERAL (SELECT i.pieces AS n, i.label b) AS l(x, y) ON true",
)


def test_columns_are_those_of_spark(spark: SparkSession) -> None:
    """Each query: the same names in the same order, and the same types."""
    schema = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    spark.createDataFrame([], schema).createOrReplaceTempView("t")
    table = Table("t", tuple(TableColumn(name, kind) for name, kind in COLUMNS.items()))
    wrong = []
    for query in QUERIES:
        expected = [(field.name, field.dataType.simpleString()) for field in spark.sql(query).schema.fields]
        read = read_query(query, {"t": table})
        actual = [(column.name, column.type) for column in output_columns(read.relation) or ()]
        same_names = [name for name, _ in actual] == [name for name, _ in expected]
        types = zip(actual, expected, strict=False)
        same_types = all(mine is not None and is_same_type(mine, theirs) for (_, mine), (_, theirs) in types)
        if read.unknown_columns or not same_names or not same_types:
            wrong.append((query, actual, expected))

    assert wrong == []
