"""The columns of queries, what they are made of, and names that mean nothing."""

from __future__ import annotations

import pytest
from shop import TABLES

from cbx.analysis.columns import output_columns, unknown_columns
from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.lineage import column_lineage, columns_passed_on

COLUMNS = (
    ("SELECT order_id, status AS s FROM orders", "order_id BIGINT, s STRING"),
    ("SELECT * FROM items", "order_id BIGINT, line INT, product STRING, tags ARRAY<STRING>"),
    ("SELECT i.* EXCEPT (tags, product) FROM items i", "order_id BIGINT, line INT"),
    ("SELECT * FROM profiles JOIN accounts USING (customer_id)", "customer_id BIGINT, motto STRING, bank STRING"),
    (
        "SELECT * FROM (SELECT customer_id, customer_id AS b FROM profiles) JOIN accounts USING (customer_id)",
        "customer_id BIGINT, b BIGINT, bank STRING",
    ),
    ("SELECT count(*) AS n, sum(line) AS s, max(product) AS p FROM items", "n BIGINT, s BIGINT, p STRING"),
    ("SELECT CAST(line AS DECIMAL(10, 2)) AS d, line > 1 AS b FROM items", "d DECIMAL(10, 2), b BOOLEAN"),
    ("SELECT line + 1 AS x FROM items", "x INT"),
    ("SELECT count(*), line::string, line + 1 FROM items", "count(1) BIGINT, line STRING,  INT"),
    ("SELECT id FROM customers UNION ALL SELECT line FROM items", "id BIGINT"),
    ("SELECT posexplode(tags) AS (pos, tag), line FROM items", "pos INT, tag STRING, line INT"),
    ("WITH t (a, b) AS (SELECT id, name FROM customers) SELECT b, a FROM t", "b STRING, a BIGINT"),
    ("SELECT * FROM unlisted", None),
    ("SELECT x FROM unlisted", "x ?"),
    ("SELECT * FROM items PIVOT (max(line) FOR product IN ('a'))", "order_id BIGINT, tags ARRAY<STRING>, a INT"),
    ("SELECT * FROM items PIVOT (max(line) FOR product IN (lower('A')))", "order_id BIGINT, tags ARRAY<STRING>,  INT"),
    ("SELECT n FROM items, LATERAL (SELECT line + 1 AS n)", "n INT"),
    ("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r", "n INT"),
    ("SELECT explode(tags), id FROM items, range(3)", "col STRING, id BIGINT"),
    ("SELECT product, line FROM items UNION SELECT line, product FROM items", "product BIGINT, line BIGINT"),
)  # fmt: skip


@pytest.mark.parametrize(("query", "columns"), COLUMNS)
def test_columns_of_a_query(query: str, columns: str | None) -> None:
    """Names as they stand in the result; a type only where it is certain; nothing where columns may be missing."""
    found = output_columns(read_query(query, TABLES).relation)

    assert (found and ", ".join(f"{column.name} {column.type or '?'}" for column in found)) == columns


LINEAGE = (
    ("SELECT order_id AS o FROM orders", "o <- orders.order_id"),
    ("SELECT upper(name) || country AS x FROM customers", "x <- customers.country, customers.name"),
    ("SELECT max(line) AS m, count(*) AS n FROM items GROUP BY product", "m <- items.line; n <- "),
    ("SELECT row_number() OVER (PARTITION BY kind ORDER BY at) AS n FROM events", "n <- events.at, events.kind"),
    ("SELECT tag FROM items LATERAL VIEW explode(tags) AS tag", "tag <- items.tags"),
    ("SELECT id FROM customers UNION SELECT order_id FROM orders", "id <- customers.id, orders.order_id"),
    ("SELECT id FROM customers EXCEPT SELECT order_id FROM orders", "id <- customers.id"),
    (
        "SELECT id FROM (SELECT id FROM customers) FULL JOIN (SELECT order_id AS id FROM orders) USING (id)",
        "id <- customers.id, orders.order_id",
    ),
    (
        "WITH t AS (SELECT id, name FROM customers) SELECT a.name, b.name AS other FROM t a JOIN t b ON a.id = b.id",
        "name <- customers.name; other <- customers.name",
    ),
    (
        "SELECT (SELECT max(o.ts) FROM orders o WHERE o.customer_id = c.id) AS last FROM customers c",
        "last <- orders.ts",
    ),
    ("SELECT name FROM customers WHERE country = 'DE'", "name <- customers.name"),
)


@pytest.mark.parametrize(("query", "lineage"), LINEAGE)
def test_lineage_of_columns(query: str, lineage: str) -> None:
    """A column is made of those that its value comes from, not of those that decide whether its row is there."""
    found = column_lineage(read_query(query, TABLES).relation)

    assert (
        "; ".join(f"{name} <- {', '.join('.'.join(origin) for origin in origins)}" for name, origins in found)
        == lineage
    )


UNKNOWN = (
    ("SELECT nmae FROM customers", ["nmae"]),
    ("SELECT c.nmae FROM customers AS c", ["c.nmae"]),
    ("SELECT x.name FROM customers AS c", ["x.name"]),
    ("SELECT id FROM customers WHERE contry = 'DE' GROUP BY id HAVING max(nme) > 'A'", ["contry", "nme"]),
    ("SELECT id FROM customers c JOIN orders o ON o.customer = c.id", ["o.customer"]),
    ("SELECT id FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = id AND x = 1)", ["x"]),
    ("SELECT a.id FROM (SELECT name FROM customers) AS a", ["a.id"]),
    ("SELECT id + 1 AS next, next * 2 AS twice FROM customers", []),
    ("SELECT name.first, name['x'], t.value FROM customers LATERAL VIEW explode(name) t AS value", []),
    ("SELECT transform(tags, tag -> upper(tag)) AS up FROM items", []),
    ("SELECT date_diff(MINUTE, ts, ts), extract(YEAR FROM ts), current_catalog, _metadata.file_path FROM orders", []),
    ("SELECT anything FROM unlisted", []),
    ("SELECT anything FROM customers, unlisted", []),
    ("SELECT status AS s FROM orders GROUP BY s HAVING s > 'a'", []),
    ("SELECT id FROM customers QUALIFY n = 1", ["n"]),
    ("SELECT row_number() OVER (ORDER BY id) AS n FROM customers QUALIFY n = 1", []),
    ("SELECT `count(1)` FROM (SELECT count(1) FROM customers)", []),
    ("SELECT id AS i FROM customers QUALIFY row_number() OVER (PARTITION BY i ORDER BY name) = 1", []),
    ("SELECT id AS i FROM customers QUALIFY row_number() OVER (PARTITION BY j ORDER BY name) = 1", ["j"]),
    ("SELECT id AS i FROM customers WHERE i = 1", ["i"]),
    ("SELECT id FROM customers c WHERE EXISTS (WITH o AS (SELECT * FROM orders WHERE customer_id = c.id) TABLE o)", []),
    ("SELECT session_window.start AS s FROM orders GROUP BY session_window(ts, '1 hour')", []),
    ("SELECT window.start AS s FROM orders GROUP BY window (ts, '1 hour')", []),
    ("SELECT name FROM customers JOIN orders USING (id)", ["id"]),
    ("SELECT name FROM customers JOIN orders USING (di)", ["di"]),
    ("SELECT name, open FROM customers JOIN orders ON id = order_id PIVOT (max(ts) FOR status IN ('open'))", []),
)


@pytest.mark.parametrize(("query", "names"), UNKNOWN)
def test_columns_that_no_input_has(query: str, names: list[str]) -> None:
    """Each is told with its place; a name that an input of unknown columns may have is not."""
    found = read_query(query, TABLES).unknown_columns

    assert [query[column.start : column.end] for column in found] == names


def test_candidates_for_an_unknown_column() -> None:
    """The names that would have been right are told along."""
    (unknown,) = read_query("SELECT nmae FROM customers", TABLES).unknown_columns

    assert unknown.candidates == ("id", "name", "country")


def test_input_under_its_own_name() -> None:
    """A query may call an input by its table's name, which stands in for it only later."""
    orders = Table("silver.orders", (TableColumn("order_id"),), (("order_id",),))
    query = "SELECT orders.order_id, shop_orders.order_id AS x FROM __cbx_input_0 WHERE order_id > __cbx_var_least"

    assert read_query(query, {"__cbx_input_0": orders}).unknown_columns == ()


def test_unknown_columns_of_a_condition() -> None:
    """Offsets are those in the condition."""
    condition = "nmae IS NOT NULL AND country > 'A'"

    assert [(column.name, column.start, column.end) for column in unknown_columns(condition, ("name", "country"))] == [
        ("nmae", 0, 4)
    ]


def test_a_field_has_its_name_inside_a_column_only() -> None:
    """Spark writes out the whole of any other expression that a field is taken out of."""
    table = Table("t", (TableColumn("s", "STRUCT<x: INT>"), TableColumn("many", "ARRAY<STRUCT<x: INT>>")))
    relation = read_query("SELECT s.x, (s).x, many[0].x, coalesce(s, s).x FROM t", {"t": table}).relation

    assert [field.name for field in relation.fields] == ["x", "x", "", ""]


@pytest.mark.parametrize(
    "grouping", ["ROLLUP (status, 7.5)", "CUBE (7.5, status)", "GROUPING SETS ((status, seven), (status))"]
)
def test_a_literal_that_grouping_sets_leave_out_may_be_null(grouping: str) -> None:
    """Spark makes NULL of it wherever it is written, as it does of a column."""
    relation = read_query(
        f"SELECT status, 7.5 AS seven, 7.5 + 1 AS more FROM orders GROUP BY {grouping}", TABLES
    ).relation

    assert not infer_grain(relation).not_null & {field.id for field in relation.fields}
    assert not infer_grain(relation).constants


PASSED_ON = (
    ("SELECT id, name AS n, upper(name) AS name, id + 0 AS i FROM customers", "id n"),
    ("SELECT product, max(line) AS line FROM items GROUP BY product", "product"),
    ("SELECT id FROM customers UNION ALL SELECT order_id FROM orders", "id"),
    ("SELECT id FROM customers UNION ALL SELECT line FROM items", ""),
    ("SELECT id FROM customers UNION ALL SELECT order_id + 1 FROM orders", ""),
    (
        "SELECT customer_id, lead(bank) OVER (ORDER BY 1) AS b FROM profiles JOIN accounts USING (customer_id)",
        "customer_id",
    ),
    ("SELECT tag FROM items LATERAL VIEW explode(tags) AS tag", ""),
    ("SELECT a.id AS x, b.id AS y FROM customers a LEFT JOIN customers b ON a.id = b.id WHERE a.id > 1 LIMIT 3", "x y"),
    ("SELECT DISTINCT name FROM customers", "name"),
    ("SELECT id FROM (SELECT lower(name) AS id FROM customers)", ""),
)  # fmt: skip


@pytest.mark.parametrize(("query", "names"), PASSED_ON)
def test_columns_that_are_passed_on(query: str, names: str) -> None:
    """Under any name, but with the values and the type that they have in a table."""
    assert " ".join(sorted(columns_passed_on(read_query(query, TABLES).relation))) == names
