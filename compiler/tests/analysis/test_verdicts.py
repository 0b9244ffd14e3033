"""Verdicts on declared keys: what is refuted and by what, and what is left open."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from shop import RELATIONSHIPS, TABLES

from cbx.analysis.facts import CurrentKey, TableRelationship
from cbx.analysis.from_sql import read_query
from cbx.analysis.relation.places import QuerySpan
from cbx.analysis.verdicts import KeyProven, KeyRefuted, KeyUnproven, judge_key


@dataclass(frozen=True)
class Wrong:
    """A key that rows repeat; the join to blame, as the query has it, and the key that would be true."""

    why: str
    query: str
    key: str
    blamed: str
    table: str
    true_key: str | None


REFUTED = (
    Wrong(
        "a customer has many orders",
        "SELECT c.id, o.order_id FROM customers c JOIN orders o ON o.customer_id = c.id",
        "id",
        "orders o ON o.customer_id = c.id",
        "orders",
        "order_id",
    ),
    Wrong(
        "the child's column repeats as well",
        "SELECT o.customer_id, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id",
        "customer_id",
        "customers c ON c.id = o.customer_id",
        "orders",
        None,
    ),
    Wrong(
        "what is made of the parent repeats with it",
        "SELECT upper(c.name) AS name, c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id",
        "name, id",
        "orders o ON o.customer_id = c.id",
        "orders",
        None,
    ),
    Wrong(
        "a comma is a join",
        "SELECT c.id FROM customers c, orders o WHERE o.customer_id = c.id",
        "id",
        "o.customer_id = c.id",
        "orders",
        None,
    ),
    Wrong(
        "what always holds leaves nothing out",
        "SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE 1 = 1 AND TRUE",
        "id",
        "orders o ON o.customer_id = c.id",
        "orders",
        None,
    ),
    Wrong(
        "a grandparent repeats for each grandchild",
        "SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id JOIN items i ON i.order_id = o.order_id",
        "id",
        "orders o ON o.customer_id = c.id",
        "orders",
        None,
    ),
    Wrong(
        "only the second join multiplies",
        "SELECT o.order_id FROM customers c JOIN orders o ON o.customer_id = c.id "
        "JOIN items i ON i.order_id = o.order_id",
        "order_id",
        "items i ON i.order_id = o.order_id",
        "items",
        None,
    ),
    Wrong(
        "two children of one parent multiply each other",
        "SELECT o.order_id FROM orders o JOIN events e ON e.customer_id = o.customer_id",
        "order_id",
        "events e ON e.customer_id = o.customer_id",
        "events",
        None,
    ),
    Wrong(
        "a join of which nothing is declared takes no rows away if it is a left one",
        "SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id LEFT JOIN codes k ON k.meaning = c.name",
        "id",
        "orders o ON o.customer_id = c.id",
        "orders",
        None,
    ),
    Wrong(
        "a subquery is only a place",
        "WITH both AS (SELECT c.id AS nr FROM customers c JOIN orders o ON o.customer_id = c.id) SELECT nr FROM both",
        "nr",
        "orders o ON o.customer_id = c.id",
        "orders",
        None,
    ),
    Wrong(
        "grouping by too much",
        "SELECT c.id, o.order_id, count(*) AS n FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY ALL",
        "id",
        "orders o ON o.customer_id = c.id",
        "orders",
        "order_id",
    ),
    Wrong(
        "a table with all versions",
        "SELECT customer_id, city FROM addresses",
        "customer_id",
        "addresses",
        "addresses",
        None,
    ),
    Wrong(
        "a join with all versions",
        "SELECT c.id, a.city FROM customers c LEFT JOIN addresses a ON a.customer_id = c.id",
        "id",
        "addresses a ON a.customer_id = c.id",
        "addresses",
        None,
    ),
)


@pytest.mark.parametrize("wrong", REFUTED, ids=lambda case: case.why)
def test_refuted_key(wrong: Wrong) -> None:
    """A key is refuted with the join that multiplies, the table that comes several times, and a key that is true."""
    verdict = judge_key(read_query(wrong.query, TABLES).relation, tuple(wrong.key.split(", ")), RELATIONSHIPS)

    assert isinstance(verdict, KeyRefuted)
    assert isinstance(verdict.place, QuerySpan)
    blamed = wrong.query[verdict.place.start : verdict.place.end]
    true_key = ", ".join(verdict.true_key) if verdict.true_key else None
    assert (blamed, verdict.table, true_key) == (wrong.blamed, wrong.table, wrong.true_key)


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id", RELATIONSHIPS[0]),
        ("SELECT customer_id AS id FROM addresses", CurrentKey(("customer_id",), "__END_AT", "__START_AT")),
    ],
)
def test_cause_of_a_refuted_key(query: str, cause: TableRelationship | CurrentKey) -> None:
    """The relationship that says so is named, or the key that holds among current rows only."""
    verdict = judge_key(read_query(query, TABLES).relation, ("id",), RELATIONSHIPS)

    assert isinstance(verdict, KeyRefuted)
    assert verdict.cause == cause


JOIN = "SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id"

UNPROVEN = (
    ("a filter may leave one", f"{JOIN} WHERE o.status = 'first'", "id"),
    ("a filter may leave those with one", f"{JOIN} WHERE c.country = 'DE'", "id"),
    ("a test may leave one", f"{JOIN} WHERE o.status IS NOT NULL", "id"),
    ("a condition may leave one", f"{JOIN} AND o.status = 'first'", "id"),
    ("a join of which nothing is declared may leave one", f"{JOIN} JOIN codes k ON k.meaning = o.status", "id"),
    ("nothing is declared", "SELECT o.order_id FROM orders o JOIN events e ON e.kind = o.status", "order_id"),
    ("the many side may tell rows apart", JOIN.replace("c.id", "c.id, o.ts", 1), "id, ts"),
    ("names may be unique", "SELECT id, name FROM customers", "name"),
    ("one row may be left", f"{JOIN} LIMIT 2", "id"),
    (
        "a semi join multiplies nothing, and names may be unique",
        "SELECT name FROM customers c LEFT SEMI JOIN orders o ON o.customer_id = c.id",
        "name",
    ),
    ("a value by chance is another in each row", JOIN.replace("c.id", "c.id, rand() AS chance", 1), "chance"),
    ("the result has no such column", "SELECT id FROM customers", "nr"),
    ("two columns have that name", JOIN.replace("c.id", "c.id, o.order_id AS id", 1), "id"),
    (
        "one-to-one multiplies nothing, and names may be unique",
        "SELECT c.name FROM customers c JOIN profiles p ON p.customer_id = c.id",
        "name",
    ),
    (
        "one-to-one multiplies nothing, and mottos may be unique",
        "SELECT motto FROM customers c JOIN profiles p ON p.customer_id = c.id",
        "motto",
    ),
    (
        "one-to-one multiplies nothing, though nothing makes the customer unique",
        "SELECT p.motto FROM profiles p JOIN customers c ON c.id = p.customer_id",
        "motto",
    ),
    (
        "a grouped table has one row for each",
        "SELECT c.name FROM customers c JOIN (SELECT customer_id FROM orders GROUP BY ALL) o ON o.customer_id = c.id",
        "name",
    ),
    ("versions may differ in the city", "SELECT customer_id, city FROM addresses", "customer_id, city"),
    ("grouping may leave one", JOIN.replace("c.id", "c.id, o.status", 1) + " GROUP BY ALL", "id"),
)


@pytest.mark.parametrize(("why", "query", "key"), UNPROVEN)
def test_unproven_key(why: str, query: str, key: str) -> None:
    """What may be true is not refuted."""
    verdict = judge_key(read_query(query, TABLES).relation, tuple(key.split(", ")), RELATIONSHIPS)

    assert (why, type(verdict)) == (why, KeyUnproven)


def test_tables_compared_in_a_circle() -> None:
    """The third comparison may leave out all but one of the rows that the first two pair up."""
    both = (*RELATIONSHIPS, TableRelationship("orders", "events", (("customer_id", "order_id"),), "one_to_many"))
    joined = "customers c JOIN orders o ON o.customer_id = c.id JOIN events e ON e.customer_id = o.order_id"
    line = read_query(f"SELECT o.customer_id FROM {joined}", TABLES)
    circle = read_query(f"SELECT o.customer_id FROM {joined} AND e.customer_id = c.id", TABLES)
    verdicts = [type(judge_key(query.relation, ("customer_id",), both)) for query in (line, circle)]

    assert verdicts == [KeyRefuted, KeyUnproven]


def test_key_that_is_known_instead() -> None:
    """An unproven verdict tells a key that does hold."""
    query = read_query("SELECT order_id, status FROM orders", TABLES)

    assert judge_key(query.relation, ("status",), RELATIONSHIPS) == KeyUnproven(
        "the result is known to be unique on order_id", ("order_id",)
    )


def test_key_with_more_than_it_needs() -> None:
    """Columns that hold a key are a key, in any order and any case."""
    query = read_query("SELECT order_id, status FROM orders", TABLES)

    assert judge_key(query.relation, ("STATUS", "Order_Id"), RELATIONSHIPS) == KeyProven()
