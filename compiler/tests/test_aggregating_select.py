"""The parts of the SELECT that has an aggregate: FROM, the groups, the value."""

from __future__ import annotations

import pytest

from cbx.parse.databricks_sql.aggregating_select import find_aggregating_select

PARTS = {
    "SELECT sum(x) FROM t": ("", "FROM t", [], "x"),
    "SELECT a, sum(x) FROM t WHERE a > 1 GROUP BY a ORDER BY 2": ("", "FROM t WHERE a > 1", ["a"], "x"),
    "SELECT a + 1 AS b, sum(x * (y + 1)) s FROM t GROUP BY b": ("", "FROM t", ["a + 1"], "x * (y + 1)"),
    "SELECT a AS c, sum(x) FROM t GROUP BY c": ("", "FROM t", ["c"], "x"),
    "SELECT 'FROM (', sum(x) -- FROM (\nFROM t -- t\n GROUP BY ALL_, 1": ("", "FROM t", ["ALL_", "'FROM ('"], "x"),
    "WITH u AS (SELECT a FROM t) SELECT sum(x) FROM u": ("WITH u AS (SELECT a FROM t)", "FROM u", [], "x"),
    "WITH u AS (SELECT 1), v AS (SELECT sum(x) FROM u) SELECT * FROM v": ("WITH u AS (SELECT 1)", "FROM u", [], "x"),
    "WITH v AS (SELECT sum(x) FROM t) SELECT * FROM v": ("", "FROM t", [], "x"),
    "SELECT (SELECT max(y) FROM u), sum(x) FROM (SELECT * FROM t) GROUP BY 1": (
        "", "FROM (SELECT * FROM t)", ["(SELECT max(y) FROM u)"], "x",
    ),
    "SELECT upper(a) town, sum(x) FROM t GROUP BY town": ("", "FROM t", ["upper(a)"], "x"),
    "SELECT upper(a) `town`, sum(x) FROM t GROUP BY 1, c": ("", "FROM t", ["upper(a)", "c"], "x"),
    "SELECT a + 1 AS -- c\n `the b`, sum(x) FROM t GROUP BY 1": ("", "FROM t", ["a + 1"], "x"),
    "SELECT extract(YEAR FROM d), sum(x) FROM t GROUP BY 1": ("", "FROM t", ["extract(YEAR FROM d)"], "x"),
}  # fmt: skip
REFUSED = (
    "SELECT sum(x) FROM t HAVING count(*) = 1",
    "SELECT sum(x) FROM t UNION ALL SELECT 1",
    "SELECT sum(DISTINCT x) FROM t",
    "SELECT sum(x) FILTER (WHERE a) FROM t",
    "SELECT sum(x) OVER (PARTITION BY a) FROM t",
    "SELECT a IS DISTINCT FROM 1, sum(x) FROM t GROUP BY 1",
    "SELECT *, sum(x) FROM t GROUP BY 2",
    "SELECT a, sum(x) FROM t GROUP BY ALL",
    "SELECT a, sum(x) FROM t GROUP BY ROLLUP (a)",
    "SELECT a + 1 AS b, sum(x) FROM t GROUP BY b % 2",
    "SELECT a, sum(x) FROM t GROUP BY 7",
    "SELECT * FROM (SELECT sum(x) FROM t)",
    "SELECT (SELECT sum(x) FROM t WHERE t.a = u.a) FROM u",
    "FROM t |> AGGREGATE sum(x)",
    "SELECT DISTINCT a, sum(x) FROM t GROUP BY 1",
    "SELECT ALL a, sum(x) FROM t GROUP BY 1",
    "SELECT sum(ALL x) FROM t",
    "SELECT sum(x) FROM t GROUP BY ()",
    "SELECT a + 1 b, sum(x) FROM t GROUP BY b % 2",
    "SELECT a, sum(x) FROM t GROUP BY 0",
    "SELECT percentile(x, 0.5), sum(x, y) FROM t",
)


@pytest.mark.parametrize("query", PARTS)
def test_parts_are_found(query: str) -> None:
    select = find_aggregating_select(query, query.index("sum("), ("a", "c", "x"))

    assert select is not None
    parts = [query[slice(*part)] for part in (select.common, select.rows, *select.groups, select.value)]
    common, rows, groups, value = PARTS[query]
    assert parts == [common, rows, *groups, value]


@pytest.mark.parametrize("query", REFUSED)
def test_other_forms_are_refused(query: str) -> None:
    assert find_aggregating_select(query, query.index("sum("), ("a", "x")) is None
