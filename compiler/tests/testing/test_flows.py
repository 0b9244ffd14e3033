"""Flows through `run_model`: alone, with the expectations, keys and changes of their targets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cbx.testing import ExpectationFailed, assert_rows
from cbx.testing.fixtures import Models

ORDERS = """{{ streaming_table(
    key="id", columns={"id": "BIGINT", "amount": "BIGINT"}, quarantine=True,
    expectations=[expect_or_fail("known", "id IS NOT NULL"), expect_or_drop("paid", "amount > 0")],
) }}
SELECT id, amount FROM {{ stream_source("shop.orders") }}
"""
WEB = """{{ flow(into="bronze.orders") }}
SELECT CAST(number AS BIGINT) AS id, CAST(total AS BIGINT) AS amount FROM {{ stream_source("web.orders") }}
"""
OLD = """from cbx import flow, ref


@flow(into="silver.customers", once=True)
def customers_old(rows=ref("bronze.customers_2019")):
    return rows.selectExpr("id", "name", "at", "false AS gone")
"""
CUSTOMERS = """{{ auto_cdc(
    key="id", sequence_by="at", scd_type=2, apply_as_deletes="gone", except_columns=["gone", "at"],
    expectations=[expect_or_drop("named", "name <> ''")],
) }}
SELECT id, name, at, gone FROM {{ stream("bronze.customers") }}
"""


def table(columns: str) -> str:
    return f'{{{{ streaming_table(columns={{{columns}}}) }}}}\nSELECT * FROM {{{{ stream_source("raw.x") }}}}\n'


@pytest.fixture
def orders(models: Callable[[dict[str, str]], Models]) -> Models:
    """A streaming table and a flow into it."""
    return models({"models/bronze/orders.sql": ORDERS, "models/bronze/orders_web.sql": WEB})


@pytest.mark.spark
def test_rows_of_a_flow_meet_the_expectations_of_its_target(orders: Models) -> None:
    """A row that they drop is in the quarantine table of the target."""
    result = orders.run_model(
        "bronze.orders_web", {"web.orders": [{"number": 1, "total": 5}, {"number": 2, "total": -5}]}
    )

    assert_rows(result, [{"id": 1, "amount": 5}])
    assert result.dropped == {"paid": 1}
    assert_rows(result.quarantine(), [{"id": 2, "amount": -5, "broken_rules": ["paid"]}])


@pytest.mark.spark
def test_a_row_that_must_not_be_there_fails(orders: Models) -> None:
    """As it would fail the update of the target."""
    with pytest.raises(ExpectationFailed, match="known"):
        orders.run_model("bronze.orders_web", {"web.orders": [{"number": None, "total": 5}]})


@pytest.mark.spark
def test_the_target_is_run_without_its_flows(orders: Models) -> None:
    """Each query is tested alone."""
    result = orders.run_model("bronze.orders", {"shop.orders": [{"id": 1, "amount": 5}]})

    assert_rows(result, [{"id": 1, "amount": 5}])


@pytest.mark.spark
def test_changes_of_a_backfill_are_applied_as_those_of_the_target(models: Callable[[dict[str, str]], Models]) -> None:
    """With the keys, the order and the history of the target."""
    columns = '"id": "BIGINT", "name": "STRING", "at": "BIGINT"'
    project = models(
        {
            "models/bronze/customers.sql": table(columns + ', "gone": "BOOLEAN"'),
            "models/bronze/customers_2019.sql": table(columns),
            "models/silver/customers.sql": CUSTOMERS,
            "models/silver/customers_old.py": OLD,
        }
    )
    result = project.run_model(
        "silver.customers_old",
        {
            "bronze.customers_2019": """
                id | name | at
                1  | Ann  | 2
                1  | Anna | 1
                2  | ""   | 1
            """
        },
    )

    assert_rows(
        result,
        """
        id | name | __START_AT | __END_AT
        1  | Anna | 1          | 2
        1  | Ann  | 2          | NULL
        """,
    )
    assert result.dropped == {"named": 1}
