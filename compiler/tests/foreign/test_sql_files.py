"""Pipelines written in SQL alone: the statements of today, and those of the days of live tables."""

from __future__ import annotations

import pytest

from compiler.tests.foreign.terminal import Desk

LANDED = """
    import dlt

    for name in ("orders", "returns", "customers"):

        @dlt.table(name=f"{name}_raw")
        def raw(name=name):
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
            return reader.schema("id INT, name STRING, op STRING, seq INT").load(f"landing/{name}")
"""

TODAY = """
    -- Databricks notebook source
    -- MAGIC %md
    -- MAGIC # Orders; a semicolon in a comment ends nothing

    -- COMMAND ----------

    CREATE OR REFRESH STREAMING TABLE shop.movements (
      id BIGINT NOT NULL COMMENT 'of the order, or of what came back',
      kind STRING,
      CONSTRAINT movements_pk PRIMARY KEY (id),
      CONSTRAINT `named; well` EXPECT (kind IS NOT NULL AND length(kind) > 0) ON VIOLATION FAIL UPDATE,
      CONSTRAINT small EXPECT (id < 10) ON VIOLATION DROP ROW
    )
    COMMENT 'Orders and returns'
    PARTITIONED BY (kind)
    TBLPROPERTIES ('quality' = 'silver');

    -- COMMAND ----------

    CREATE FLOW orders_in AS INSERT INTO shop.movements BY NAME
    SELECT 'order' AS kind, id FROM STREAM(orders_raw);

    CREATE FLOW returns_in AS INSERT INTO shop.movements BY NAME
    SELECT id, 'return' AS kind FROM STREAM returns_raw;

    CREATE FLOW old_orders AS INSERT INTO ONCE shop.movements BY NAME SELECT 9 AS id, 'order' AS kind;

    -- COMMAND ----------

    CREATE OR REFRESH STREAMING TABLE shop.customers;

    CREATE FLOW customers_in AS AUTO CDC INTO shop.customers
    FROM STREAM(customers_raw)
    KEYS (id)
    APPLY AS DELETE WHEN op = 'DELETE'
    SEQUENCE BY seq
    COLUMNS * EXCEPT (op, seq)
    STORED AS SCD TYPE 2;

    -- COMMAND ----------

    CREATE PRIVATE MATERIALIZED VIEW kinds (kind, movements COMMENT 'how many') AS
    SELECT kind, count(*) FROM shop.movements GROUP BY ALL;
"""

OF_OLD = """
    CREATE OR REFRESH STREAMING LIVE TABLE orders_clean (CONSTRAINT named EXPECT (name IS NOT NULL))
    AS SELECT id, name FROM STREAM(LIVE.orders_raw);

    CREATE TEMPORARY LIVE VIEW upper_orders AS SELECT id, upper(name) AS name FROM LIVE.orders_clean;

    CREATE OR REFRESH LIVE TABLE loud_orders AS
    WITH loud AS (SELECT * FROM LIVE.upper_orders) SELECT name FROM loud WHERE name IS NOT NULL;

    CREATE OR REFRESH STREAMING LIVE TABLE customers_now;

    APPLY CHANGES INTO LIVE.customers_now FROM STREAM(LIVE.customers_raw)
    KEYS (id) IGNORE NULL UPDATES APPLY AS DELETE WHEN op = 'DELETE' SEQUENCE BY seq COLUMNS * EXCEPT (op, seq);
"""


def test_sql_defines_tables_views_and_flows(desk: Desk) -> None:
    """A folder of one Python and two SQL files is one pipeline."""
    desk.notebook(LANDED, "shop/landed.py")
    desk.notebook(TODAY, "shop/today.sql")
    desk.notebook(OF_OLD, "shop/of_old.sql")
    desk.land("orders/1.json", '{"id": 1, "name": "tea"}\n{"id": 11, "name": null}\n')
    desk.land("returns/1.json", '{"id": 2, "name": "rum"}\n')
    desk.land("customers/1.json", '{"id": 1, "name": "Ann", "seq": 1}\n{"id": 2, "name": "Bob", "seq": 1}\n')
    first = desk.run(paths=("shop",))
    desk.land("customers/2.json", '{"id": 1, "seq": 2}\n{"id": 2, "op": "DELETE", "seq": 2}\n')
    second = desk.run(paths=("shop",))

    tables = ("shop.movements", "kinds", "shop.customers", "loud_orders", "customers_now")
    assert (first.status, second.status, {name: desk.rows(name) for name in tables}) == (
        0,
        0,
        {
            "shop.movements": [(1, "order"), (2, "return"), (9, "order")],
            "kinds": [("order", 2), ("return", 1)],
            "shop.customers": [(1, "Ann", 1, 2), (1, None, 2, None), (2, "Bob", 1, 2)],
            "loud_orders": [("TEA",)],
            "customers_now": [(1, "Ann")],
        },
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CREATE TABLE t AS SELECT 1", "expected STREAMING TABLE, MATERIALIZED VIEW, TEMPORARY VIEW or FLOW"),
        ("CREATE MATERIALIZED VIEW t (a", "a closing bracket is missing"),
        ("CREATE FLOW f AS AUTO CDC INTO t FROM s KEYS (id)", "SEQUENCE BY ... is missing after `)`"),
        (
            "CREATE FLOW f AS AUTO CDC INTO t FROM s SEQ BY n",
            "`SEQ` is not expected here: expected a clause of the changes (KEYS, ",
        ),
        ("CREATE VIEW v AS SELECT 'open", "a quote or a comment is not closed"),
        ("INSERT INTO t VALUES (1)", "INSERT is not a statement of a pipeline"),
    ],
)
def test_a_statement_that_cannot_be_is_said_at_its_line(desk: Desk, text: str, reason: str) -> None:
    """With what would have been right."""
    desk.notebook(f"CREATE VIEW one AS SELECT 1;\n{text}", "orders.sql")
    answer = desk.run(paths=("orders.sql",))

    assert (answer.status, reason in answer.problems, "orders.sql:2" in answer.problems) == (1, True, True)


def test_a_streaming_table_of_a_batch_query_is_refused(desk: Desk) -> None:
    """STREAM was forgotten."""
    desk.notebook("CREATE OR REFRESH STREAMING TABLE t AS SELECT 1 AS id", "orders.sql")
    answer = desk.run(paths=("orders.sql",))

    assert answer.problems.splitlines() == [
        "error[CBX505] invalid-definition: t: the query of the streaming table `t` does not read a stream",
        "--> orders.sql:1:1",
        "= hint: read with FROM STREAM(...), or create a materialized view",
    ]


IN_SCHEMA = """
    CREATE OR REFRESH TEMPORARY VIEW new_orders AS SELECT * FROM STREAM(orders_raw);

    USE CATALOG main;
    USE SCHEMA shop;

    CREATE OR REFRESH STREAMING TABLE orders AS SELECT id, name FROM STREAM(new_orders);
    CREATE OR REFRESH TEMPORARY VIEW named AS SELECT * FROM STREAM(default.customers_raw) WHERE name IS NOT NULL;
    CREATE OR REFRESH STREAMING TABLE customers;
    APPLY CHANGES INTO customers FROM STREAM(named) KEYS (id) SEQUENCE BY seq COLUMNS id, name;

    CREATE OR REFRESH MATERIALIZED VIEW totals AS
    WITH orders_of AS (SELECT name, count(*) AS orders FROM orders GROUP BY name)
    SELECT customers.name, orders FROM customers JOIN orders_of USING (name);
"""


def test_use_schema_holds_for_the_rest_of_the_file(desk: Desk) -> None:
    """Names without a schema belong to it, but those of temporary views, and those in other files."""
    desk.notebook(LANDED, "landed.py")
    desk.notebook(IN_SCHEMA, "shop.sql")
    desk.notebook("CREATE OR REFRESH MATERIALIZED VIEW copies AS SELECT id FROM shop.orders", "other.sql")
    for name in ("orders", "returns", "customers"):
        desk.land(f"{name}/1.json", '{"id": 1, "name": "Ada", "op": "UPSERT", "seq": 1}\n')
    answer = desk.run(paths=("landed.py", "shop.sql", "other.sql"))

    assert answer.status == 0, answer.errors
    assert desk.rows("shop.totals") == [("Ada", 1)]
    assert desk.rows("shop.customers") == [(1, "Ada")]
    assert desk.rows("copies") == [(1,)]
