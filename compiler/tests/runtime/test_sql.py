"""Which names in a SQL text are tables, and what the text looks like with other names in their place."""

from __future__ import annotations

import pytest

from cbx.runtime.names import DatasetName
from cbx.runtime.sql.table_names import rewrite_table_names

KNOWN = ("silver.orders", "orders", "bronze.raw", "my table")


def view(name: DatasetName, is_stream: bool) -> str | None:  # noqa: FBT001 - as rewrite calls it
    if name.key not in KNOWN:
        return None
    return ("s_" if is_stream else "v_") + name.key.replace(".", "_").replace(" ", "_")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM silver.orders", "SELECT * FROM v_silver_orders AS `orders`"),
        ("SELECT * FROM silver.orders o", "SELECT * FROM v_silver_orders o"),
        ("SELECT orders.a FROM SILVER.Orders", "SELECT orders.a FROM v_silver_orders AS `Orders`"),
        ("SELECT silver.orders.a FROM silver.orders", "SELECT orders.a FROM v_silver_orders AS `orders`"),
        ("SELECT silver.orders.* FROM silver.orders", "SELECT orders.* FROM v_silver_orders AS `orders`"),
        ("SELECT * FROM STREAM(bronze.raw)", "SELECT * FROM s_bronze_raw AS `raw`"),
        ("SELECT * FROM STREAM bronze.raw r", "SELECT * FROM s_bronze_raw r"),
        ("SELECT * FROM stream( LIVE.orders ) AS o", "SELECT * FROM s_orders AS o"),
        ("SELECT * FROM cat.silver.orders o", "SELECT * FROM v_silver_orders o"),
        ("SELECT * FROM LIVE.`my table` t", "SELECT * FROM v_my_table t"),
        ("SELECT * FROM elsewhere.orders", "SELECT * FROM elsewhere.orders"),
        ("WITH orders AS (SELECT 1) SELECT * FROM orders", "WITH orders AS (SELECT 1) SELECT * FROM orders"),
        (
            "WITH orders AS (SELECT * FROM orders) SELECT * FROM orders",
            "WITH orders AS (SELECT * FROM v_orders AS `orders`) SELECT * FROM orders",
        ),
        (
            "SELECT * FROM a WHERE id IN (SELECT id FROM orders)",
            "SELECT * FROM a WHERE id IN (SELECT id FROM v_orders AS `orders`)",
        ),
        ("SELECT 'from orders' -- from orders\nFROM orders o", "SELECT 'from orders' -- from orders\nFROM v_orders o"),
        ("SELECT extract(YEAR FROM orders) FROM raw", "SELECT extract(YEAR FROM orders) FROM raw"),
        ("FROM orders |> WHERE a > 1", "FROM v_orders AS `orders` |> WHERE a > 1"),
    ],
)
def test_tables_are_replaced_in_place(text: str, expected: str) -> None:
    """Everything that is no table of the pipeline stays, to the character."""
    assert rewrite_table_names(text, view) == expected
