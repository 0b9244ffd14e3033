"""A run checks relationships to tables of other projects on the files that stand in for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from literate import lay_out

from compiler.tests.foreign.terminal import cbx_here

CUSTOMERS = {
    "kind": "materialized_view",
    "dataset": "silver.customers",
    "key": ["customer_id"],
    "columns": [{"name": "customer_id", "type": "INT"}],
}
FILES = {
    "project.toml": """
[project]
name = "shop"

[vars]
stage = "test"

[dependencies.crm]
manifest = "crm.json"
catalog = "crm_{{ var('stage') }}"

[environments.local.tables]
"raw.orders" = "orders.csv"
""",
    "crm.json": json.dumps({"schema_version": 1, "models": {"silver.customers": CUSTOMERS}}),
    "models/silver/orders.sql": """{{ materialized_view(
    columns={"order_id": "INT", "buyer": "INT"},
    relationships=[many_to_one("crm", "silver.customers", on={"buyer": "customer_id"}, enforce="ENFORCE")],
) }}
SELECT order_id, buyer FROM {{ source("raw.orders") }}
""",
    "orders.csv": "order_id,buyer\n1,1\n2,9\n3,\n",
    "customers.csv": "customer_id\n1\n",
}


@pytest.mark.parametrize(
    ("enforce", "status", "message"),
    [("warn", 0, "1 of 2 rows has no parent"), ("fail", 1, "silver_orders_buyer_in_crm_silver_customers")],
)
def test_each_row_has_its_parent_in_the_other_project(
    enforce: str, status: int, message: str, working_folder: Path
) -> None:
    """An order without a buyer refers to nothing. Runs use Spark where files stand in for tables."""
    lay_out({path: text.replace("ENFORCE", enforce) for path, text in FILES.items()}, working_folder)
    answer = cbx_here("run", "--engine", "sail", "--table", "crm_test.silver.customers=customers.csv")

    assert answer.status == status, answer.output + answer.errors
    assert message in answer.output + answer.errors


def test_a_missing_stand_in_is_named(working_folder: Path) -> None:
    """The table is read by the check alone."""
    lay_out({path: text.replace("ENFORCE", "warn") for path, text in FILES.items()}, working_folder)
    answer = cbx_here("run", "--engine", "sail")

    assert answer.status == 1
    assert "there is no table `crm_test.silver.customers`" in answer.output + answer.errors
