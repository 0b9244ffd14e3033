"""Pipelines of people who know nothing of this compiler, and what they are imported as, give the same tables."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from compiler.tests.foreign.terminal import cbx_here
from compiler.tests.foreign.test_notebooks import NOTEBOOKS, STYLES
from compiler.tests.import_round_trip import compare_folder, compare_with_import
from compiler.tests.made_up_data import write_rows

CHOSEN = STYLES if os.environ.get("CBX_ROUND_TRIPS") == "all" else ["mixed"]
"""Python and SQL, and AUTO CDC; `make soak` takes all styles."""


def test_styles_give_the_same_tables(spark: SparkSession, tmp_path: Path) -> None:  # noqa: ARG001 - runs find it
    """All are one pipeline, which is imported as one project: two updates on the same files, row by row."""
    ignored = shutil.ignore_patterns("landing", "expected.md", "ruff.toml", "__pycache__")
    for style in CHOSEN:
        shutil.copytree(NOTEBOOKS / style, tmp_path / "notebooks" / style, ignore=ignored)

    def deliver(update: int) -> None:
        for style in CHOSEN:
            landing = NOTEBOOKS / style / "landing" / str(update)
            shutil.copytree(landing, tmp_path / "landing" / style, dirs_exist_ok=True)

    trip = compare_with_import([Path("notebooks")], tmp_path, deliver, {"payments.landing": "landing/mixed"})
    left = {item.what for item in trip.result.report.left}

    assert (trip.failures, trip.failures_of_both, trip.differences) == ([], [], [])
    assert len(trip.compared) > 2 * len(CHOSEN)
    assert len(left) < 2 * len(CHOSEN)


TILLS = """
import dlt
from pyspark.sql.functions import col


@dlt.table
@dlt.expect_or_drop("has id", "order_id IS NOT NULL")
def tills():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "csv").load("/Volumes/shop/tills")


dlt.create_streaming_table("orders")
dlt.create_auto_cdc_flow(target="orders", source="tills", keys=["order_id"], sequence_by=col("changed_at"))
"""
TOTALS = """
CREATE OR REFRESH MATERIALIZED VIEW totals AS
SELECT o.customer_id, c.name, sum(o.amount) AS amount
FROM LIVE.orders o JOIN main.crm.customers c ON o.customer_id = c.customer_id
GROUP BY ALL;
"""


def test_files_and_tables_are_made_up(spark: SparkSession, tmp_path: Path) -> None:  # noqa: ARG001 - as above
    """What a folder reads is found in its code, also tables outside of it."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "tills.py").write_text(TILLS, encoding="utf-8")
    (tmp_path / "shop" / "totals.sql").write_text(TOTALS, encoding="utf-8")
    trip = compare_folder(tmp_path / "shop", tmp_path / "work")

    assert (trip.failures, trip.failures_of_both, trip.differences) == ([], [], [])
    assert trip.compared.keys() == {"tills", "orders", "totals"}
    assert all(trip.compared.values())


KEYED = """
import dlt


@dlt.table
def orders():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load("landing/orders")


@dlt.table
def days():
    return spark.sql("SELECT day, count(*) AS orders FROM LIVE.orders GROUP BY day")
"""


def test_keys_are_found_in_the_tables_of_a_run(
    spark: SparkSession,  # noqa: ARG001 - as above
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A key that the query does not prove is found in the data, and the report tells the two apart."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.py").write_text(KEYED, encoding="utf-8")
    write_rows(
        tmp_path / "landing" / "orders",
        "1",
        "json",
        [{"customer_id": f"c{number % 4}", "day": f"d{number % 3}", "order_id": f"o{number}"} for number in range(12)],
    )
    run = cbx_here("run", "shop.py", "--state", "tables")
    answer = cbx_here("import", "shop.py", "--into", "shop", "--state", "tables", "--format", "json")

    assert (run.status, answer.status) == (0, 0)
    assert json.loads(answer.output)["keys"] == [
        {"model": "bronze.orders", "columns": ["order_id"], "rows": 12},
        {"model": "gold.days", "columns": ["day"], "rows": None},
    ]
