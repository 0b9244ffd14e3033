"""Which columns a condition needs: without them it does not hold, as Spark says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlglot import exp

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.conditions import non_null_columns
from cbx.analysis.relation.relation_walks import nodes_of
from cbx.analysis.sql.expressions.null_rejection import STRICT
from cbx.parse.databricks_sql.dialect import read_one

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_COLUMNS = {"n": "INT", "m": "INT", "s": "STRING", "t": "STRING", "d": "DATE", "e": "DATE", "a": "ARRAY<STRING>"}
_TABLE = Table("rows", tuple(TableColumn(name, kind) for name, kind in _COLUMNS.items()))
_ROW = "SELECT 2 AS n, 1 AS m, 'a,1' AS s, '1' AS t, DATE'2026-01-02' AS d, DATE'2026-01-01' AS e, array('1') AS a"

_ROWS = """
SELECT * FROM VALUES (NULL), (1), (2) AS n(n) CROSS JOIN VALUES (NULL), (1) AS m(m)
CROSS JOIN VALUES (NULL), ('x'), ('X') AS s(s) CROSS JOIN VALUES (NULL), ('x') AS t(t)
CROSS JOIN VALUES (CAST(NULL AS ARRAY<STRING>)), (array('y')) AS a(a)
"""
CALLS = """
n + m; n - m; n * m; n / m; n % m; n div m; -n; n & m; n | m; n ^ m; a[m - 1]; s COLLATE UTF8_LCASE; concat(s, t)
s || t; contains(s, t); startswith(s, t); endswith(s, t); s = t; s <> t; n > m; n >= m; n < m; n <= m; s LIKE t
s ILIKE t; s RLIKE t; s LIKE t ESCAPE '!'; try_add(n, m); try_subtract(n, m); try_multiply(n, m); try_divide(n, m)
named_struct('x', s).x; abs(n); ceil(n); floor(n); pow(n, m); round(n, 1); sign(n); sqrt(n); initcap(s)
get_json_object(s, '$.x'); left(s, n); right(s, n); length(s); md5(s); lpad(s, n, t); rpad(s, n, t)
regexp_extract(s, t, 0); regexp_replace(s, t, s); repeat(s, n); replace(s, t, s); reverse(s); sha1(s); sha2(s, 256)
split(s, t); split_part(s, ',', n); substring(s, m, n); substring_index(s, ',', n); translate(s, t, s); trim(s)
trim(t FROM s); ltrim(s); upper(s); lower(s); add_months(d, n); date_add(d, n); date_sub(d, n); datediff(d, e)
dateadd(DAY, n, d); datediff(DAY, d, e); trunc(d, 'MM'); date_trunc('MONTH', d); day(d); dayofmonth(d); dayofweek(d)
dayofyear(d); extract(YEAR FROM d); from_utc_timestamp(d, 'UTC'); hour(d); last_day(d); minute(d); month(d)
months_between(d, e); quarter(d); second(d); to_date(t, 'd'); to_timestamp(t, 'd'); unix_timestamp(t, 'd')
date_format(d, 'y'); from_unixtime(n); to_utc_timestamp(d, 'UTC'); weekofyear(d); year(d); array_contains(a, t)
CAST(n AS STRING); TRY_CAST(s AS INT); n :: STRING; try_add(d, n); date_format(to_timestamp(d), t); to_date(d)
"""
_CALLS = [call.strip() for line in CALLS.strip().splitlines() for call in line.split(";")]


def _strict_nodes(call: str) -> list[exp.Expr]:
    return [node for node in read_one(f"SELECT {call}").find_all(exp.Expr) if type(node) in STRICT]


def test_each_strict_function_is_called() -> None:
    """The calls hold the whole list against Spark, but for ``s:path``, which only Databricks has."""
    called = {type(node).__name__ for call in _CALLS for node in _strict_nodes(call)}

    assert sorted(each.__name__ for each in STRICT) == sorted({*called, "JSONExtract"})


@pytest.mark.parametrize("call", _CALLS)
def test_a_call_needs_all_of_its_columns(call: str) -> None:
    """A strict function of columns needs each of them."""
    columns = {column.name for column in read_one(f"SELECT {call}").find_all(exp.Column)}
    is_struct = "named_struct" in call

    assert _name_needs(f"({call}) IS NOT NULL") == ([] if is_struct else sorted(columns))


def test_strict_functions_are_null_for_null(spark: SparkSession) -> None:
    """Spark returns NULL for each call as soon as one of its columns is NULL."""
    calls = [
        (call, column.name)
        for call in _CALLS
        if "named_struct" not in call
        for column in read_one(f"SELECT {call}").find_all(exp.Column)
    ]
    nulls = {f"{call} without {name}": _without(name, call) for call, name in calls}
    items = ", ".join(f"{call} AS `{name}`" for name, call in nulls.items())
    row = spark.sql(f"SELECT {items} FROM ({_ROW})").collect()[0].asDict()

    assert {name: value for name, value in row.items() if value is not None} == {}


def _without(column: str, call: str) -> str:
    """A call with NULL for a column."""
    return re.sub(rf"(?<!\w){column}(?![\w(])", f"CAST(NULL AS {_COLUMNS[column]})", call)


NEEDS = {
    "s = 'x'": "s",
    "upper(s) = 'X'": "s",
    "s = 'x' AND n > 1": "n s",
    "s = 'x' OR n > 1": "",
    "s = 'x' OR upper(s) = 'Y'": "s",
    "s = 'x' OR s IS NULL": "",
    "NOT (s = 'x')": "s",
    "NOT (s = 'x' AND n > 1)": "",
    "NOT (s = 'x' OR n > 1)": "n s",
    "s IN ('x', 'y')": "s",
    "n NOT IN (1, m)": "m n",
    "n IN (1, m)": "n",
    "n BETWEEN m AND 3": "m n",
    "n NOT BETWEEN m AND 3": "n",
    "s NOT LIKE 'x%'": "s",
    "s LIKE ANY ('x', 'y')": "",
    "(n > 1) IS TRUE": "n",
    "(n > 1) IS NOT TRUE": "",
    "(n > 1) IS FALSE": "n",
    "isnotnull(s)": "s",
    "isnull(s)": "",
    "NOT isnull(upper(s))": "s",
    "s <=> 'x'": "s",
    "s <=> t": "",
    "NOT (s <=> 'x')": "",
    "s IS DISTINCT FROM 'x'": "",
    "s IS DISTINCT FROM NULL": "s",
    "coalesce(s, 'x') = 'x'": "",
    "coalesce(s, upper(s)) = 'x'": "s",
    "nvl2(n, s, t) = 'x'": "",
    "nullif(s, '') = 'x'": "s",
    "if(n > 1, s, NULL) = 'x'": "n s",
    "CASE WHEN n > 1 THEN s WHEN n < m THEN 'y' END = 'x'": "n",
    "CASE n WHEN 1 THEN s END = 'x'": "n s",
    "CASE WHEN n > 1 THEN 1 ELSE 2 END = 2": "",
    "greatest(n, m) > 1": "",
    "greatest(n, 2 * n) > 1": "n",
    "n IN (SELECT m FROM rows)": "n",
    "n NOT IN (SELECT m FROM rows)": "",
    "EXISTS (SELECT 1 FROM rows AS o WHERE o.m = r.n)": "n",
    "NOT EXISTS (SELECT 1 FROM rows AS o WHERE o.m = r.n)": "",
    "n > (SELECT max(m) FROM rows)": "n",
    "abs(n) > (SELECT max(m) FROM rows)": "n",
    "concat_ws(',', s, t) = 'x'": "",
    "size(a) > 0": "",
    "exists(a, x -> x = 'y')": "",
    "xxhash64(s) = 1": "",
    "my_function(s) = 1": "",
}


@pytest.mark.parametrize("condition", NEEDS)
def test_a_condition_needs_columns(condition: str) -> None:
    """The columns that are not NULL where a condition holds."""
    assert _name_needs(condition) == NEEDS[condition].split()


def test_no_condition_holds_without_a_column_that_it_needs(spark: SparkSession) -> None:
    """Among rows with each choice of NULLs Spark keeps none that lacks what the condition needs."""
    conditions = [condition for condition in NEEDS if "SELECT" not in condition and "my_function" not in condition]
    lacks = {condition: f"({condition}) AND NOT ({_spell(_predicates(condition))})" for condition in conditions}
    items = ", ".join(f"count_if({lack}) AS `{number}`" for number, lack in enumerate(lacks.values()))
    counts = spark.sql(f"SELECT {items} FROM ({_ROWS})").collect()[0]

    assert [condition for condition, count in zip(conditions, counts, strict=True) if count] == []


def _spell(predicates: list[tuple[tuple[str, ...], ...]]) -> str:
    """What predicates need, as SQL."""
    spelled = [
        " OR ".join(" AND ".join(("TRUE", *(f"{name} IS NOT NULL" for name in names))) for names in choices) or "FALSE"
        for choices in predicates
    ]
    return " AND ".join(f"({each})" for each in spelled)


def _name_needs(condition: str) -> list[str]:
    in_all = (set(choices[0]).intersection(*choices) for choices in _predicates(condition) if choices)
    return sorted(set[str]().union(*in_all))


def _predicates(condition: str) -> list[tuple[tuple[str, ...], ...]]:
    """What each predicate of a condition needs: the names of columns, in each of its choices."""
    relation = read_query(f"SELECT 1 FROM rows AS r WHERE {condition}", {"rows": _TABLE}).relation
    rows = next(node for node in nodes_of(relation)[::-1] if isinstance(node, ir.Filter))
    names = {field.id: field.name for field in rows.input.fields}
    needs = [each.needs if isinstance(each, ir.Condition) else (non_null_columns(each),) for each in rows.predicates]
    return [tuple(tuple(sorted(names[column] for column in columns)) for columns in choices) for choices in needs]
