"""What the lists of understood clauses name is read: without it, a query is read for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grain_cases import CASES
from reading_cases import READING
from shop import TABLES
from sqlglot import exp

from cbx.analysis.from_sql import read_query
from cbx.analysis.sql.trees.understood import CLAUSES, RELATIONS, entries
from cbx.parse.databricks_sql.dialect import read_one

CHANGES_NOTHING = {
    (name, argument)
    for line in """
        # The order of rows, where they are worked out, and fewer of them.
        Cluster Distribute Hint Sort JoinHint: expressions this
        Except Intersect Select Subquery Union: cluster distribute order sort offset hint
        Offset Ordered: expression desc
        # A sample is a part of the rows, however large.
        TableSample: percent seed bucket_numerator bucket_denominator
        # Names, and what sqlglot adds of its own.
        Identifier: quoted
        Lateral: view
        Pivot: alias columns pivot_column_naming
        # Rows with NULL keep the keys that the others have.
        Pivot: include_nulls
        # A frame that is there makes a window no more than a value, whatever it spans.
        WindowSpec: kind start start_side end end_side
    """.splitlines()
    if ":" in line
    for name in line.partition(":")[0].split()
    for argument in line.partition(":")[2].split()
}
"""Arguments that change nothing that is said of rows."""

NEVER_PARSED = {
    (name, argument)
    for line in """
        Distribute Offset Sort Pivot: this
        Except Intersect: by_name
        Join: hint
        Pivot: group using
        Select: sample
        Star: rename
        Subquery: joins with_
        TableSample: bucket_field expressions method rows
        Values: limit
    """.splitlines()
    for name in line.partition(":")[0].split()
    for argument in line.partition(":")[2].split()
}
"""Arguments that no query here has: sqlglot puts what they say elsewhere, or reads them in other dialects only."""

QUERIES = (
    *(
        f"SELECT status FROM orders {kind} SELECT country FROM customers {end}"
        for kind in ("UNION", "EXCEPT", "INTERSECT")
        for end in ("ORDER BY 1", "SORT BY 1", "CLUSTER BY 1", "DISTRIBUTE BY 1", "LIMIT 1", "LIMIT 2 OFFSET 1")
    ),
    *(f"SELECT * FROM (SELECT id FROM customers) {end}" for end in ("ORDER BY id DESC", "SORT BY id", "OFFSET 1")),
    *(f"(SELECT id FROM customers) {end}" for end in ("ORDER BY 1", "SORT BY 1", "LIMIT 1", "LIMIT 2 OFFSET 1")),
    *(f"(SELECT id FROM customers) {end}" for end in ("CLUSTER BY 1", "DISTRIBUTE BY 1")),
    *(f"WITH t AS (SELECT 1 AS id) SELECT id FROM t {kind} SELECT id FROM t" for kind in ("EXCEPT", "INTERSECT")),
    "WITH t AS (SELECT 1 AS id) SELECT id FROM t UNION SELECT id FROM t",
    "WITH t AS (SELECT 1 AS id) (SELECT id FROM t)",
    "SELECT id, name FROM customers UNION BY NAME SELECT country AS name, id FROM customers",
    "SELECT id FROM customers INTERSECT ALL SELECT id FROM features",
    "SELECT status, customer_id FROM orders GROUP BY status, customer_id WITH ROLLUP",
    "SELECT status, customer_id FROM orders GROUP BY status, customer_id WITH CUBE",
    "SELECT status, customer_id FROM orders GROUP BY status, customer_id GROUPING SETS ((status), ())",
    "SELECT /*+ BROADCAST(o) */ id FROM orders AS o JOIN customers ON id = customer_id",
    "SELECT order_id, tag FROM items LATERAL VIEW OUTER explode(tags) t AS tag",
    "SELECT * FROM (SELECT line, product FROM items) PIVOT (count(product) FOR line IN (1 AS a, 2)) AS p",
    "SELECT * FROM items UNPIVOT INCLUDE NULLS (v FOR c IN (line AS l, product)) AS u",
    "SELECT * FROM items CLUSTER BY line",
    "SELECT * FROM items DISTRIBUTE BY line SORT BY product",
    "SELECT * FROM (customers c JOIN orders o ON o.customer_id = c.id)",
    "SELECT * FROM (SELECT line, product FROM items) t PIVOT (count(product) FOR line IN (1, 2))",
    "SELECT * FROM main.shop.items",
    "SELECT * FROM items TABLESAMPLE (3 ROWS)",
    "SELECT * FROM items TABLESAMPLE (BUCKET 1 OUT OF 4)",
    "SELECT id FROM customers QUALIFY count(*) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) = 1",
    "SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING) AS n FROM customers",
    "SELECT id FROM customers ORDER BY id LIMIT 2 OFFSET 1",
    "SELECT count(DISTINCT name) AS n, count(DISTINCT country) AS m FROM customers",
)
Entry = tuple[str, str]


def describe_reading(tree: exp.Expr) -> str:
    """All that is read of a query, but for places in its text."""
    query = read_query(tree, TABLES)
    return re.sub(
        r"(QuerySpan|PythonCallSite)\([^)]*\)", "", repr((query.relation, query.unknown_columns, query.mistakes))
    )


def given_arguments(tree: exp.Expr) -> Iterator[tuple[int, Entry]]:
    """The arguments of a query's nodes, each with the number of its node."""
    for at, node in enumerate(tree.walk()):
        for name, value in node.args.items():
            if value not in (None, False, []):
                yield at, (type(node).__name__, name)


def listed_and_counted() -> tuple[set[Entry], set[Entry], set[Entry]]:
    """What is listed, what of it the queries have, and what of it makes a difference to what is said of one."""
    listed = {*entries(RELATIONS), *entries(CLAUSES)}
    seen: set[Entry] = set()
    counted: set[Entry] = set()
    for text in (*(case.query for case in (*CASES, *READING)), *QUERIES):
        whole = describe_reading(read_one(text))
        for at, entry in given_arguments(read_one(text)):
            if entry not in listed - counted:
                continue
            seen.add(entry)
            tree = read_one(text)
            list(tree.walk())[at].set(entry[1], None)
            try:
                without = describe_reading(tree)
            except (AttributeError, AssertionError, TypeError, IndexError, KeyError, ValueError):
                without = ""  # it cannot be read without
            counted |= {entry} if without != whole else set()
    return listed, seen, counted


def test_every_argument_of_a_clause_is_read() -> None:
    """Taking out an argument changes what is said of some query, or it is listed as one that changes nothing."""
    listed, seen, counted = listed_and_counted()

    assert sorted(listed - seen - NEVER_PARSED) == []
    assert sorted(seen - counted - CHANGES_NOTHING) == []
    assert sorted(counted & CHANGES_NOTHING) == []
