"""Updates on Sail: the same tables and counts as on Spark, exactly once, and Spark for what Sail cannot run."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cbx.runtime.sail.checks.supported_plans import check_query
from cbx.runtime.sail.refusals import NotOnSailError
from compiler.tests.runtime.pipelines import Pipeline

RUNNER = Path(__file__).with_name("sail_runs.py")
SEED = 20260101
KILLS = int(os.environ.get("CBX_KILLS", "4"))

NOTEBOOK = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    def orders():
        files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        files = files.option("cloudFiles.schemaHints", "id INT, city STRING, seq INT")
        return files.load("landing/orders").select("*", F.col("_metadata.file_name").alias("file"))

    @dlt.table
    @dlt.expect_or_drop("has_city", "city IS NOT NULL")
    @dlt.expect("is_small", "id < 3")
    def kept():
        return spark.readStream.table("orders")

    @dlt.view
    @dlt.expect_or_drop("is_known", "id <> 4")
    def changes():
        return spark.readStream.table("kept")

    for target, kind in (("current", 1), ("history", 2)):
        dlt.create_streaming_table(target)
        dlt.create_auto_cdc_flow(
            target=target, source="changes", keys=["id"], sequence_by="seq", stored_as_scd_type=kind,
            except_column_list=["_rescued_data", "file"]
        )

    @dlt.table
    def totals():
        return spark.sql("SELECT city, count(*) AS rows FROM kept GROUP BY city")

    dlt.create_streaming_table("both")

    @dlt.append_flow(target="both")
    def small():
        return spark.readStream.table("kept").where("id < 3").select("id", "seq")

    @dlt.append_flow(target="both")
    def large():
        return spark.readStream.table("kept").where("id >= 3").select("id", "seq")
"""
TABLES = ("orders", "kept", "current", "history", "totals", "both")


def run_steps(folder: Path, steps: list[dict[str, Any]], most_files: int = 32) -> list[Any]:
    """The results of steps that `sail_runs.py` describes."""
    command = [sys.executable, str(RUNNER), str(folder), str(most_files)]
    done = subprocess.run(command, input=json.dumps(steps), capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def landing(rng: random.Random, number: int) -> dict[str, Any]:
    rows = [
        {"id": rng.randrange(5), "city": rng.choice([None, "Ulm", "Rom"]), "seq": number * 100 + index}
        for index in range(rng.randrange(1, 6))
    ]
    return {"land": [f"orders/{number:03d}.json", "".join(json.dumps(row) + "\n" for row in rows)]}


@pytest.mark.slow
def test_a_killed_update_is_as_if_it_had_not_been(tmp_path: Path) -> None:
    """Whatever a kill leaves, the next update ends where a pipeline without kills is."""
    rng = random.Random(SEED)
    lands = [landing(rng, number) for number in range(KILLS + 1)]
    kills = [{"run": {}, "moment": rng.randrange(1, 90)} for _ in range(KILLS)]
    shows = [{"show": table} for table in TABLES]
    steps = [{"notebook": NOTEBOOK}, *(step for pair in zip(lands, kills, strict=False) for step in pair)]

    killed = run_steps(tmp_path / "killed", [*steps, lands[-1], {"run": {}}, *shows])
    whole = run_steps(tmp_path / "whole", [{"notebook": NOTEBOOK}, *lands, {"run": {}}, *shows])

    assert {"killed": True} in killed
    assert killed[-len(shows) - 1]["problems"] == []
    assert [sort_rows(table) for table in whole[-len(shows) :]] == [sort_rows(table) for table in killed[-len(shows) :]]


def sort_rows(table: list[Any]) -> list[Any]:
    columns, rows = table
    return [columns, sorted(rows, key=str)]


@pytest.mark.slow
def test_an_update_reads_what_is_new(tmp_path: Path) -> None:
    """Streams append the rows of new files; batch tables whose inputs are the same are unchanged."""
    first = '{"id": 1, "city": "Ulm", "seq": 1}\n{"id": 2, "city": null, "seq": 1}\n'
    second = '{"id": 1, "city": "Rom", "seq": 2}\n{"id": 9, "city": "Rom", "seq": 2, "new": true}\n'
    steps = [{"land": ["orders/1.json", first]}, {"run": {}}, {"land": ["orders/2.json", second]}, {"run": {}}]

    shows = [{"run": {"select": ["totals"]}}, {"show": "history"}]
    results = run_steps(tmp_path, [{"notebook": NOTEBOOK}, *steps, *shows])

    assert [update["notes"] for update in results[2:6] if isinstance(update, dict)] == [[], [], []]
    counts = [{name: table["read"] for name, table in update["tables"].items()} for update in results[2:6:2]]
    assert counts[0] == {"orders": 2, "kept": 2, "current": 1, "history": 1, "totals": 1, "both": 1}
    assert counts[1] == {"orders": 2, "kept": 2, "current": 2, "history": 2, "totals": 2, "both": 2}
    assert results[4]["tables"]["kept"]["rules"] == [["has_city", 2, 0], ["is_small", 1, 1]]
    assert results[5]["tables"]["totals"]["status"] == "unchanged"
    assert results[6] == [
        ["city", "id", "seq", "new", "__START_AT", "__END_AT"],
        [["Rom", 1, 2, None, 2, None], ["Rom", 9, 2, "true", 2, None], ["Ulm", 1, 1, None, 1, 2]],
    ]


@pytest.mark.slow
def test_a_file_that_lands_meanwhile_is_read_by_the_next_update(tmp_path: Path) -> None:
    """The rows are read before the update; what lands after that is not taken as read."""
    lands = [{"land": ["orders/1.json", '{"id": 1}\n']}, {"run": {}, "meanwhile": ["orders/2.json", '{"id": 2}\n']}]
    results = run_steps(tmp_path, [{"notebook": NOTEBOOK}, *lands, {"run": {}}, {"run": {}}])
    read = [update["tables"]["orders"]["read"] for update in results[2:]]

    assert read == [1, 1, 0]


@pytest.mark.slow
def test_a_flow_that_has_run_once_has_nothing_to_do(tmp_path: Path) -> None:
    """So a pipeline with a backfill is remembered, after the update that ran it."""
    notebook = """
        import dlt

        dlt.create_streaming_table("numbers")

        @dlt.append_flow(target="numbers", once=True)
        def first():
            return spark.range(3)

        @dlt.table
        def copies():
            return spark.readStream.table("numbers")
    """
    memory, found = tmp_path / ".cbx/last_update.json", []
    for _ in range(2):
        (update,) = run_steps(tmp_path, [{"notebook": notebook}, {"run": {}}])[1:]
        found.append((update["problems"], update["notes"], memory.exists()))

    assert found == [([], [], False), ([], [], True)]


@pytest.mark.slow
def test_changes_are_merged_as_on_spark() -> None:
    """Random changes with late, equal and repeated rows, deletes and truncates, against the reference of AUTO CDC."""
    command = [sys.executable, str(RUNNER.with_name("sail_cdc.py"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)

    assert done.returncode == 0, done.stdout + done.stderr


REFUSED = {
    "SELECT rand() AS r FROM orders": "calls `rand`",
    "SELECT * FROM orders LIMIT 1": "has `LIMIT` in a query",
    "SELECT DISTINCT id FROM STREAM(orders)": "has `DISTINCT` in a query of a stream",
    "SELECT city, count(*) FROM STREAM(orders) GROUP BY city": "aggregates a stream with `count`",
}


@pytest.mark.parametrize("query", REFUSED)
def test_what_sail_cannot_run_is_known_before_the_update(query: str) -> None:
    """The reason is part of the line that names the dataset."""
    with pytest.raises(NotOnSailError) as refused:
        check_query(query, is_stream="STREAM" in query)

    assert refused.value.reason == REFUSED[query]


@pytest.mark.usefixtures("sail_process")
def test_a_function_that_reads_rows_is_left_to_spark_if_it_fails_without_them(tmp_path: Path) -> None:
    """Planning has no rows, so it says nothing of what the function does with some."""
    pipeline = Pipeline(tmp_path, engine="sail")
    pipeline.notebook("""
        import dlt

        @dlt.table
        def rows():
            return spark.sql("SELECT * FROM VALUES (1) AS v(id)")

        @dlt.table
        def t():
            first = spark.read.table("rows").collect()[0]
            return spark.sql(f"SELECT rand() AS number, {first.id} AS id")
    """)

    with pytest.raises(AssertionError, match="list index out of range"):
        pipeline.run()
