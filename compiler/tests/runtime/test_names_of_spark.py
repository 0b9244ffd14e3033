"""The names of items without an alias, against those that Spark gives."""

from __future__ import annotations

import itertools
import os

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.sql.expressions.column_names import FUNCTIONS

SHARE = int(os.environ.get("NAMES_OF_SPARK", "5"))
"""Every which pair of a form and a leaf is tried; `make soak` tries all."""

COLUMNS = {
    "id": "BIGINT",
    "Name": "STRING",
    "ok": "BOOLEAN",
    "day": "DATE",
    "at": "TIMESTAMP",
    "dims": "STRUCT<w: INT, t: STRUCT<id: INT>>",
    "tags": "ARRAY<STRING>",
    "attributes": "MAP<STRING, INT>",
}
TABLE = Table("t", tuple(TableColumn(name, kind) for name, kind in COLUMNS.items()))
LEAVES = (
    "id", "t.id", "ID", "name", "`Name`", "t.Name", "dims.w", "t.dims.W", "dims.t.id", "(dims).w", "tags[0]",
    "attributes['k']", "attributes.k", "'web'", '"a b"', "'it''s'", "'a' 'b'", "r'\\d'", "''", "1", "007", "-1",
    "+1", "- 1.50", "1.5", ".5", "5.", "1e3", "1L", "-2S", "1.5D", "3BD", "123456789012345678901", "NULL", "true",
    "FALSE", "DATE '2020-01-01'", "X'1F'", "INTERVAL 1 DAY", "current_date", "current_timestamp()",
)  # fmt: skip
AROUND = (
    "{}", "({})", "(({}))", "CAST({} AS STRING)", "{}::string", "try_cast({} AS STRING)",
    "CAST(CAST({} AS STRING) AS STRING)", "string({})", "CAST(({}) AS STRING)", "count({})", "COUNT(DISTINCT {})",
    "count({}, t.id)", "sum({})", "sum(distinct {})", "max(({}))", "min({})", "max(CAST({} AS STRING))",
    "CAST(max({}) AS STRING)", "{} IS NULL", "NOT {}", "{} + 1", "-{}", "{} = {}", "coalesce({}, {})", "nvl({}, {})",
    "concat({}, 'x')", "upper({})", "ucase({})", "if(true, {}, {})", "CASE WHEN true THEN {} END", "first({})",
    "any_value({})", "max({}) OVER ()", "count({}) FILTER (WHERE true)", "array({})", "struct({})",
    "{} COLLATE UTF8_LCASE", "(SELECT {})", "explode(array({}))",
)  # fmt: skip
WHOLE = (
    "count(*)", "COUNT( 1 )", "count(t.id)", "window(at, '1 hour')", "window.start",
    "row_number() OVER (ORDER BY id)", "date(at)", "mean(id)", "avg(id)", "id AS x, CAST(x AS INT)", "id x, (x)",
    "DISTINCT(id)", "DISTINCT (id), name", "id, name, 'x', CAST(name AS INT)", "*, 1", "explode(tags)",
    "posexplode(tags)", "explode(attributes)", "posexplode_outer(attributes)", "inline(array(dims))",
    "stack(2, 1, 2, 3, 4)", "json_tuple(name, 'a', 'b')", "explode(tags) AS one", "posexplode(tags) AS (n, one)",
    "dims.*", "(id, name)", "uuid()", "name:x.y", "explode(sequence(1, 2))", "stack(1, id, name)",
    "inline_outer(array(dims))", "array(dims)[0].w", "first(dims).t.id", "coalesce(dims, dims).w", "(dims.t).id",
    "named_struct('a', id).a",
)  # fmt: skip


def create_table(spark: SparkSession) -> None:
    """The table of all queries."""
    schema = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    spark.createDataFrame([], schema).createOrReplaceTempView("t")


def test_names_of_functions_are_those_of_spark(spark: SparkSession) -> None:
    """Each function that keeps its name, with a column that it takes, in other spelling and of distinct values."""
    create_table(spark)
    wrong = []
    named = set()
    for function in FUNCTIONS.split():
        for form in (
            f"{function}(id)",
            f"{function.upper()} ( t.Name )",
            f"{function}(DISTINCT ID)",
            f"{function}(day)",
        ):
            try:
                expected = spark.sql(f"SELECT {form} FROM t").columns
            except (PySparkException, Py4JJavaError):
                continue
            actual = [field.name for field in read_query(f"SELECT {form} FROM t", {"t": TABLE}).relation.fields]
            named |= {function} if all(actual) else set()
            wrong += [(form, actual, expected)] if actual not in ([""], expected) else []

    assert (wrong, [function for function in FUNCTIONS.split() if function not in named]) == ([], [])


def test_names_are_those_of_spark(spark: SparkSession) -> None:
    """Any form around any leaf: a name that is known is Spark's, and plain forms have one."""
    create_table(spark)
    items = [around.replace("{}", leaf) for around, leaf in itertools.product(AROUND, LEAVES)][::SHARE]
    known = 0
    wrong = []
    for item in (*items, *WHOLE):
        query = f"SELECT {item} FROM t"
        try:
            expected = spark.sql(query).columns
        except (PySparkException, Py4JJavaError):
            continue
        relation = read_query(query, {"t": TABLE}).relation
        actual = [field.name for field in relation.fields]
        is_right = len(actual) == len(expected) and all(
            not mine or mine == theirs for mine, theirs in zip(actual, expected, strict=True)
        )
        known += all(actual) and not relation.is_open
        wrong += [(item, actual, expected)] if not relation.is_open and not is_right else []

    assert wrong == []
    assert known > 150 / SHARE
