"""What is known of a table that several queries fill is what is known of their UNION ALL, which other tests hold
against data."""

from __future__ import annotations

import random

import pytest
from random_queries import random_query
from random_schemas import random_schema

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.homes import find_homes
from cbx.analysis.measures import result_homes
from cbx.analysis.relation.append_rows import append_rows
from cbx.analysis.verdicts import result_keys

PAIRS = 60
COLUMNS = (
    TableColumn("id", "BIGINT", True),
    TableColumn("price", "DOUBLE"),
    TableColumn("name", "STRING"),
)
TABLES = {name: Table(name, COLUMNS, (("id",),), is_streaming=name != "old") for name in ("eu", "us", "old")}

FILLS = {
    "the same rows may come twice": (["SELECT id FROM eu", "SELECT id FROM us"], ()),
    "literals tell them apart": (
        ["SELECT id, 'eu' AS place FROM eu", "SELECT 'us' AS place, id FROM us"],
        ("id", "place"),
    ),
    "the same literals do not": (["SELECT id, 'eu' AS place FROM eu", "SELECT 'eu' AS place, id FROM us"], ()),
    "three of them": (
        [f"SELECT id, {number} AS place FROM {name}" for number, name in enumerate(("eu", "us", "eu"))],
        ("id", "place"),
    ),
    "a batch may be another one later": (
        ["SELECT id, 'eu' AS place FROM eu", "SELECT id, 'old' AS place FROM old"],
        (),
    ),
}


@pytest.mark.parametrize(("queries", "expected"), FILLS.values(), ids=FILLS)
def test_the_keys_of_what_queries_fill(queries: list[str], expected: tuple[str, ...]) -> None:
    """Columns go by their names, in any order."""
    first, *others = [read_query(query, TABLES).relation for query in queries]
    rows = append_rows(first, others)

    assert rows is not None
    assert (set(result_keys(rows)) == {expected}) if expected else not result_keys(rows)


@pytest.mark.parametrize("other", ["SELECT id, price, name FROM us", "SELECT price FROM us", "SELECT id, id FROM us"])
def test_other_columns_make_no_rows(other: str) -> None:
    """A column that is missing, another one, and one that is there twice."""
    first, second = read_query("SELECT id, price FROM eu", TABLES).relation, read_query(other, TABLES).relation

    assert append_rows(first, [second]) is None


@pytest.mark.parametrize("number", range(PAIRS))
def test_all_is_known_as_of_a_union(number: int) -> None:
    """Keys and homes of random queries are those of their UNION ALL."""
    chance = random.Random(f"append {number}")
    schema = random_schema(chance)
    queries = [random_query(schema, chance) for _ in range(2)]
    count = min(len(query.columns) for query in queries)
    texts = [
        f"SELECT {', '.join(f't.{name} AS c{at}' for at, name in enumerate(query.columns[:count]))} "
        f"FROM ({query.databricks}) AS t"
        for query in queries
    ]
    first, second = (read_query(text, schema.by_name).relation for text in texts)
    union = read_query(" UNION ALL ".join(texts), schema.by_name).relation
    rows = append_rows(first, [second])
    if rows is None:  # the columns of one of them are not known
        return

    assert result_keys(union) == result_keys(rows)
    assert result_homes(union, find_homes(union, {}), schema.relationships) == result_homes(
        rows, find_homes(rows, {}), schema.relationships
    )
