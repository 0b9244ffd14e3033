"""Materialized views that are refreshed from new rows have the rows and verdicts that a recomputation gives."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from compiler.tests.runtime.pipelines import Pipeline
from compiler.tests.runtime.test_refresh_decisions import decisions

HEAD = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    def orders():
        columns = "id INT, city STRING, amount DECIMAL(10, 2), weight DOUBLE, at TIMESTAMP, tags ARRAY<STRING>"
        return spark.readStream.schema(columns).json("landing/orders")

    @dlt.table
    def visits():
        return spark.readStream.schema("id INT, city STRING").json("landing/visits")

    @dlt.table
    def cities():
        return spark.read.schema("city STRING, name STRING").json("landing/cities")
"""


def views(queries: Iterable[str]) -> str:
    """The definitions of views with these queries."""
    text = "\n    @dlt.table\n    def view_{}():\n        return spark.sql({!r})\n"
    return "".join(text.format(number, query) for number, query in enumerate(queries))


def land(pipeline: Pipeline, folder: str, number: int, *rows: dict[str, Any]) -> None:
    pipeline.land(f"{folder}/{number}.json", "".join(json.dumps(row) + "\n" for row in rows))


def order(
    identity: int, city: str | None, amount: str | None = "1.50", at: str = "2026-01-01 10:00:00"
) -> dict[str, Any]:
    return {"id": identity, "city": city, "amount": amount, "weight": 0.1, "at": at, "tags": ["a", city or "b"]}


APPENDED = (
    "SELECT id, upper(city) AS city FROM orders WHERE amount > 1",
    "SELECT o.id, c.name FROM orders AS o LEFT JOIN cities AS c USING (city)",
    "SELECT o.id, c.name FROM cities AS c JOIN orders AS o ON o.city = c.city",
    "SELECT id FROM orders UNION ALL SELECT id + 100 FROM orders",
    "SELECT id, explode(tags) AS tag FROM orders",
    "SELECT id FROM orders LEFT ANTI JOIN cities USING (city)",
)
MERGED = (
    "SELECT city, count(*) AS n, sum(amount) AS total, max(at) AS last, max(id > 2) AS is FROM orders GROUP BY city",
    "SELECT to_date(at) AS day, count(DISTINCT city) AS cities, count(DISTINCT id, city) AS n FROM orders GROUP BY 1",
    "SELECT count(*) AS n, sum(id) AS ids, min(city) AS first FROM orders",
    """SELECT city, max_by(amount, id) AS last, max(id) AS id, min_by(at, amount) AS at, min(amount) AS least
    FROM orders GROUP BY city""",
    "SELECT CAST(id AS BIGINT) AS id, sum(amount) AS total FROM orders GROUP BY CAST(id AS BIGINT)",
    "SELECT city, count_if(amount > 1) AS n, bool_and(id > 1) AS a, bool_or(id > 3) AS b FROM orders GROUP BY city",
    "SELECT tag, count(*) FILTER (WHERE id > 1) AS n FROM (SELECT id, explode(tags) AS tag FROM orders) GROUP BY tag",
    """WITH t AS (SELECT city, count(*) AS n FROM orders GROUP BY city)
    SELECT city, c.name, t.n FROM t LEFT JOIN cities c USING (city)""",
    """SELECT c.name, c.city, t.n, t.ids FROM cities AS c LEFT JOIN cities AS d ON c.city = d.city
    JOIN (SELECT city, count(*) AS n, count(DISTINCT id) AS ids FROM orders GROUP BY city) AS t ON t.city = c.city""",
    """SELECT c.name, t.city, cast(t.total AS DECIMAL(38, 2)) AS total
    FROM cities AS c JOIN (SELECT city, sum(amount) AS total FROM orders GROUP BY city) AS t ON t.city = c.city""",
)
GROUPED = (
    "SELECT city, avg(amount) AS mean, max(at) AS last FROM orders GROUP BY city",
    "SELECT to_date(at) AS day, count(DISTINCT city) AS cities FROM orders GROUP BY 1 HAVING count(*) > 1",
    "SELECT city, sum(amount) / count(*) AS mean FROM orders GROUP BY city",
    "SELECT city, sum(cast(amount AS DECIMAL(38, 2))) AS total FROM orders GROUP BY city",
    "SELECT city, try_sum(amount) AS total, try_cast(count(*) AS INT) AS n FROM orders GROUP BY city",
    "SELECT DISTINCT city, amount FROM orders",
    "SELECT o.id, v.city FROM orders AS o JOIN visits AS v ON o.id = v.id",
    "SELECT o.id, v.city FROM orders AS o LEFT JOIN visits AS v ON o.id = v.id",
    "SELECT id, city FROM orders LEFT ANTI JOIN visits USING (id)",
    "SELECT city FROM orders UNION SELECT city FROM visits",
    "SELECT city FROM orders UNION ALL SELECT city FROM cities",
)
WHOLE = (
    "SELECT city, sum(weight) AS weight FROM orders GROUP BY city",
    "SELECT weight, count(*) AS n FROM orders GROUP BY weight",
    "SELECT sum(DISTINCT id) AS n FROM orders",
    "SELECT city, max_by(id, at) AS last FROM orders GROUP BY city",
    "SELECT city, max_by(id, weight) AS last, max(weight) AS weight FROM orders GROUP BY city",
    "SELECT id, row_number() OVER (PARTITION BY city ORDER BY id) AS n FROM orders",
    "SELECT id FROM orders ORDER BY id LIMIT 2",
    "SELECT id, v.city FROM orders FULL JOIN visits AS v USING (id)",
    "SELECT id FROM orders WHERE city IN (SELECT city FROM cities)",
)


@pytest.mark.needs_spark("LIMIT")
def test_a_refresh_gives_what_a_recomputation_gives(pipeline: Pipeline) -> None:
    """Whether new rows suffice is the first thing; the rows are the same in any case."""
    queries = (*APPENDED, *MERGED, *GROUPED, *WHOLE)
    names = [f"view_{number}" for number in range(len(queries))]
    pipeline.notebook(HEAD + views(queries))
    land(pipeline, "cities", 1, {"city": "Ulm", "name": "U"}, {"city": None, "name": "N"}, {"city": "Rom", "name": "R"})
    land(pipeline, "orders", 1, order(1, "Ulm"), order(2, "Rom"), order(3, None), order(4, "Ulm", None))
    land(pipeline, "visits", 1, {"id": 1, "city": "Rom"}, {"id": 9, "city": "Oslo"})
    pipeline.succeed()
    new = order(5, "Rom", "2.25"), order(6, None), order(1, "Bonn", "0.10", "2026-01-02 00:00:00")
    land(pipeline, "orders", 2, *new)
    land(pipeline, "visits", 2, {"id": 2, "city": "Rom"}, {"id": 6, "city": None}, {"id": 3, "city": "Ulm"})
    pipeline.succeed()
    techniques = decisions(pipeline)
    refreshed = {query: pipeline.rows(name) for query, name in zip(queries, names, strict=True)}
    pipeline.succeed(full_refresh=True)

    assert {query: pipeline.rows(name) for query, name in zip(queries, names, strict=True)} == refreshed
    assert {query: techniques[name][0] for query, name in zip(queries, names, strict=True)} == {
        **dict.fromkeys(APPENDED, "APPEND_ONLY"),
        **dict.fromkeys(MERGED, "GROUP_AGGREGATE"),
        **dict.fromkeys(GROUPED, "GENERIC_AGGREGATE"),
        **dict.fromkeys(WHOLE, "COMPLETE_RECOMPUTE"),
    }
