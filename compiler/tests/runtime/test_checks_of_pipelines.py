"""A run refreshes the tables of all pipelines before the checks that read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from literate import lay_out

from cbx.runtime.log.last_update import last_update
from compiler.tests.foreign.terminal import Answer, cbx_here

CHECK = "silver_orders_customer_id_in_silver_customers"
FILES = {
    "project.toml": """
[project]
name = "shop"

[pipelines.orders]
select = "silver.orders"

[pipelines.customers]
select = "silver.customers"

[environments.local.tables]
"raw.orders" = "orders.csv"
"raw.customers" = "customers.csv"
""",
    "models/silver/orders.sql": """{{ materialized_view(
    columns={"order_id": "INT", "customer_id": "INT"},
    relationships=[many_to_one("silver.customers", on="customer_id")],
) }}
SELECT order_id, customer_id FROM {{ source("raw.orders") }}
""",
    "models/silver/customers.sql": """{{ materialized_view(key="customer_id", columns={"customer_id": "INT"}) }}
SELECT customer_id FROM {{ source("raw.customers") }} GROUP BY customer_id
""",
    "orders.csv": "order_id,customer_id\n1,1\n2,9\n",
    "customers.csv": "customer_id\n1\n",
}


@pytest.fixture
def shop(working_folder: Path) -> Path:
    """Where files stand in for tables, `cbx run` uses Spark, whatever the engine."""
    lay_out(FILES, working_folder)
    return working_folder


def run(*arguments: str) -> Answer:
    answer = cbx_here("run", "--engine", "sail", *arguments)
    assert answer.status == 0, answer.output + answer.errors
    return answer


def list_refreshed(shop: Path) -> list[str]:
    """The tables and checks in the order in which the last update refreshed them."""
    flows = [
        (row["origin"].get("dataset_name"), row["details"].get("flow_progress")) for row in last_update(shop / ".cbx")
    ]
    return [name for name, flow in flows if flow and flow["status"] == "COMPLETED" and not flow.get("unchanged")]


def test_a_check_comes_after_the_tables_of_both_pipelines(shop: Path) -> None:
    """Each time: it compares the rows of now."""
    first = run()
    first_order = list_refreshed(shop)
    (shop / "customers.csv").write_text("customer_id\n1\n9\n", encoding="utf-8")
    (shop / "orders.csv").write_text("order_id,customer_id\n1,1\n2,9\n3,9\n", encoding="utf-8")
    second = run()
    second_order = list_refreshed(shop)

    assert first_order[-1] == CHECK
    assert sorted(second_order[:2]) == ["silver.customers", "silver.orders"]
    assert second_order[-1] == CHECK
    assert "1 of 2 rows has no parent" in first.output + first.errors
    assert "has no parent" not in second.output + second.errors


def test_one_pipeline_runs_without_checks_of_other_tables(shop: Path) -> None:
    """The other pipeline may never have run."""
    run("--select", "pipeline:customers")

    assert list_refreshed(shop) == ["silver.customers"]
