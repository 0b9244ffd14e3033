"""A run refreshes the tables of all pipelines before the checks that read them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from literate import lay_out

from compiler.tests.command import run_cbx

pytestmark = pytest.mark.spark
"""Where files stand in for tables, `cbx run` uses Spark, whatever the engine."""

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
def shop(tmp_path: Path) -> Path:
    lay_out(FILES, tmp_path)
    return tmp_path


def run(shop: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = run_cbx(shop, "run", "--engine", "sail", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def list_refreshed(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The tables and checks in the order in which they were refreshed."""
    lines = (done.stdout + done.stderr).splitlines()
    return [line.split()[-1] for line in lines if line.startswith("done ")]


def test_a_check_comes_after_the_tables_of_both_pipelines(shop: Path) -> None:
    """Each time: it compares the rows of now."""
    first = run(shop)
    (shop / "customers.csv").write_text("customer_id\n1\n9\n", encoding="utf-8")
    (shop / "orders.csv").write_text("order_id,customer_id\n1,1\n2,9\n3,9\n", encoding="utf-8")
    second = run(shop)

    assert list_refreshed(first)[-1] == CHECK
    assert sorted(list_refreshed(second)[:2]) == ["silver.customers", "silver.orders"]
    assert list_refreshed(second)[-1] == CHECK
    assert "1 of 2 rows has no parent" in first.stdout + first.stderr
    assert "has no parent" not in second.stdout + second.stderr


def test_one_pipeline_runs_without_checks_of_other_tables(shop: Path) -> None:
    """The other pipeline may never have run."""
    assert list_refreshed(run(shop, "--select", "pipeline:customers")) == ["silver.customers"]
