"""Functions and groupings that are called wrong, against Spark: what is reported fails there, without exception."""

from __future__ import annotations

import itertools
import re

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.relation.query_mistakes import QueryMistake
from cbx.analysis.sql.expressions.databricks_functions import FAMILIES, FUNCTIONS

COLUMNS = {
    "id": "BIGINT",
    "kind": "STRING",
    "at": "TIMESTAMP",
    "size": "STRUCT<w: INT>",
    "tags": "ARRAY<STRING>",
    "ok": "BOOLEAN",
}
ITEMS = (
    "id", "t.kind", "kind AS k", "upper(kind)", "date(at) AS day", "size.w", "id + 1 AS n", "1", "current_date",
    "'x'", "tags[0]", "*", "t.*", "transform(tags, x -> x || kind)", "CASE WHEN ok THEN id END",
    "(SELECT max(id) FROM t)", "row_number() OVER (ORDER BY id) AS n", "sum(count(*)) OVER () AS s", "any(ok)",
    "first(kind)", "max_by(kind, id)", "size(tags)", "cast(id AS STRING)", "coalesce(kind, 'x')", "struct(id, kind)",
    "c + 1 AS d",
)  # fmt: skip
AGGREGATES = (
    "count(*) AS c",
    "sum(id) AS c",
    "max(size.w) FILTER (WHERE ok) AS c",
    "percentile_approx(id, 0.5) AS c",
    "bool_or(ok) AND true AS c",
)
GROUPINGS = (
    "", "GROUP BY id", "GROUP BY kind, id", "GROUP BY ALL", "GROUP BY 1", "GROUP BY t.kind, date(at)",
    "GROUP BY ROLLUP (id, kind)", "GROUP BY size", "GROUP BY size.w", "GROUP BY GROUPING SETS ((id), (kind))",
    "HAVING count(*) > 0", "GROUP BY k", "GROUP BY upper(kind)",
)  # fmt: skip


@pytest.fixture
def spark(spark: SparkSession) -> SparkSession:
    """Spark, with the table that the queries read."""
    schema = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    spark.createDataFrame([], schema).createOrReplaceTempView("t")
    return spark


def mistakes(query: str) -> list[QueryMistake]:
    table = Table("t", tuple(TableColumn(name, kind) for name, kind in COLUMNS.items()))
    return list(read_query(query, {"t": table}).mistakes)


def is_refused(spark: SparkSession, query: str) -> bool:
    try:
        spark.sql(query)
    except PySparkException:
        return True
    return False


def test_every_function_of_spark_is_known(spark: SparkSession) -> None:
    """A release of Spark that adds a function is noticed here; operators have names, too."""
    names = [row[0].lower() for row in spark.sql("SHOW FUNCTIONS").collect()]
    unknown = [name for name in names if re.fullmatch(r"\w+", name) and name not in FUNCTIONS]

    assert [name for name in unknown if not name.startswith(FAMILIES)] == []


def test_no_known_function_is_spelled_in_a_family() -> None:
    """The list has nothing that is never looked up."""
    assert [name for name in FUNCTIONS if name.startswith(FAMILIES) or name != name.lower()] == []


def test_ungrouped_columns_are_refused_by_spark(spark: SparkSession) -> None:
    """Each item beside each aggregate under each grouping: what is reported fails; of plain columns all is reported."""
    wrong = []
    missed = []
    for item, aggregate, grouping in itertools.product(ITEMS, AGGREGATES[:2], GROUPINGS):
        query = (
            f"SELECT {aggregate}, {item} FROM t {grouping}"
            if "c +" in item
            else f"SELECT {item}, {aggregate} FROM t {grouping}"
        )
        found = [mistake for mistake in mistakes(query) if mistake.kind == "ungrouped_column"]
        if found and not is_refused(spark, query):
            wrong.append(query)
        if (
            not found
            and item in {"id", "t.kind", "*", "upper(kind)"}
            and grouping in {"", "GROUP BY size"}
            and is_refused(spark, query)
        ):
            missed.append(query)

    assert wrong == []
    assert missed == [f"SELECT upper(kind), {aggregate} FROM t GROUP BY size" for aggregate in AGGREGATES[:2]] + [
        f"SELECT {star}, {aggregate} FROM t GROUP BY size" for star in ("*",) for aggregate in AGGREGATES[:2]
    ]


def test_every_kind_of_aggregate_is_one() -> None:
    """Beside any aggregate a plain column is reported, and without a column nothing is."""
    for aggregate in AGGREGATES:
        assert [mistake.name for mistake in mistakes(f"SELECT kind, {aggregate} FROM t")] == ["kind"]
        assert mistakes(f"SELECT 'kind', {aggregate} FROM t") == []
