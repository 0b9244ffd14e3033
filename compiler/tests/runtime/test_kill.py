"""A run that is killed loses nothing and doubles nothing.

Each case starts the pipeline in a process of its own, kills it at a moment drawn from a seed, lands more files,
and so on; at the end one undisturbed run must leave the tables and files that a pipeline without kills has. A moment is
a number of operations on the state folder, so a case can be repeated, or a time, which also strikes while Spark writes.
The targets of AUTO CDC are divided into buckets, those of the pipeline without kills are not. ``CBX_KILLS`` asks for
more than the two of every day.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compiler.tests.runtime.pipelines import Pipeline

pytestmark = pytest.mark.needs_spark("`test_sail_engine.py` kills updates on Sail")

SEED = 20260101
KILLS = int(os.environ.get("CBX_KILLS", "2"))
TABLES = (
    "orders",
    "kept",
    "current",
    "history",
    "totals",
    "names",
    "copies",
    "running",
    "latest",
    "mirrored",
    "messages",
)

NOTEBOOK = """
    import dlt

    @dlt.table
    def orders():
        reader = spark.readStream.schema("id INT, city STRING, seq INT")
        return reader.option("maxFilesPerTrigger", spark.conf.get("limit")).json("landing/orders")

    @dlt.table
    @dlt.expect_or_drop("has_city", "city IS NOT NULL")
    def kept():
        return spark.readStream.table("orders")

    @dlt.view
    def changes():
        return spark.readStream.table("kept")

    for target, kind in (("current", 1), ("history", 2)):
        dlt.create_streaming_table(target)
        dlt.create_auto_cdc_flow(
            target=target, source="changes", keys=["id"], sequence_by="seq", stored_as_scd_type=kind
        )

    dlt.create_streaming_table("copies")
    dlt.create_auto_cdc_from_snapshot_flow("copies", "newest", keys=["id"], stored_as_scd_type=1)

    @dlt.view
    def newest():
        return spark.sql("SELECT id, max(seq) AS seq FROM kept GROUP BY id")

    dlt.create_sink("files", "json", {"path": "out"})

    @dlt.append_flow(target="files")
    def into_files():
        return spark.readStream.table("kept")

    @dlt.table
    def totals():
        return spark.sql("SELECT city, count(*) AS rows FROM kept GROUP BY city")

    @dlt.table
    def names():
        return spark.sql("SELECT id, upper(city) AS name FROM kept WHERE id > 0")

    @dlt.table
    def running():
        return spark.readStream.table("kept").groupBy("city").count()

    dlt.create_streaming_table("latest")

    @dlt.replace_flow(target="latest", replace_using=["id"], sequence_by="seq")
    def newest_rows():
        return spark.readStream.table("kept")

    @dlt.view
    def latest_changes():
        changes = spark.readStream.option("readChangeFeed", "true").table("latest")
        return changes.where("_change_type <> 'update_preimage'")

    dlt.create_streaming_table("mirrored")
    dlt.create_auto_cdc_flow(
        target="mirrored", source="latest_changes", keys=["id", "seq"], sequence_by="_commit_version",
        apply_as_deletes="_change_type = 'delete'", column_list=["id", "city", "seq"]
    )

    @dlt.table
    def messages():
        rows = spark.readStream.format("kafka").option("subscribe", "orders").load()
        return rows.selectExpr("CAST(value AS STRING) AS text", "offset")
"""
STREAMS = {"orders": "landing/orders"}

# Runs an update and kills itself, as `kill -9` does, before the nth change to the state folder, or after some seconds.
RUNNER = """
import os, pathlib, shutil, signal, sys, threading
folder, moment, seconds = pathlib.Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
count = 0

def kill():
    print("killed", flush=True)
    gateway = __import__("pyspark").SparkContext._gateway
    if gateway is not None:
        os.kill(gateway.proc.pid, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)

def hooked(function):
    def wrapper(*args, **kwargs):
        global count
        count += 1
        if count == moment:
            kill()
        return function(*args, **kwargs)
    return wrapper

pathlib.Path.rename = hooked(pathlib.Path.rename)
pathlib.Path.replace = hooked(pathlib.Path.replace)
shutil.rmtree = hooked(shutil.rmtree)
pathlib.Path.mkdir = hooked(pathlib.Path.mkdir)

from cbx.runtime import RunRequest, run_update
from cbx.runtime.results import StandInPaths
from cbx.runtime.spark.session import session
session(folder / ".cbx", "local[2]")
count = 0
if seconds:
    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
paths, settings = (folder / "notebooks",), {"limit": sys.argv[4]}
stand_ins = StandInPaths({}, {"orders": "landing/orders"})
request = RunRequest(
    paths, folder / ".cbx", settings, folder, master="local[2]", stand_ins=stand_ins, smallest_incremental=0,
    bucket_size=100,
)
result = run_update(request, lambda event: None)
print("done", count, result.is_success, flush=True)
"""


def land(pipeline: Pipeline, rng: random.Random, number: int) -> None:
    rows = [
        {"id": rng.randrange(5), "city": rng.choice([None, "Ulm", "Rom"]), "seq": number * 100 + index}
        for index in range(rng.randrange(1, 6))
    ]
    pipeline.land(f"orders/{number:03d}.json", "".join(json.dumps(row) + "\n" for row in rows))


def run_until(pipeline: Pipeline, moment: int, seconds: float, limit: int) -> str:
    command = [sys.executable, "-c", RUNNER, str(pipeline.folder), str(moment), str(seconds), str(limit)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=900).stdout


def test_a_killed_run_is_as_if_it_had_not_been(pipeline: Pipeline, tmp_path: Path) -> None:
    """Whatever a kill leaves, the next run ends where an undisturbed pipeline is."""
    rng = random.Random(SEED)
    pipeline.notebook(NOTEBOOK)
    outcomes = []
    for number in range(KILLS):
        land(pipeline, rng, number)
        moment, seconds = (rng.randrange(1, 120), 0.0) if number % 2 == 0 else (0, rng.uniform(0.1, 12))
        outcomes.append(run_until(pipeline, moment, seconds, rng.randint(1, 2)).split()[:1])
    land(pipeline, rng, KILLS)
    pipeline.succeed(configuration={"limit": "10"}, streams=STREAMS)
    undisturbed = Pipeline(tmp_path / "undisturbed")
    undisturbed.notebook(NOTEBOOK)
    (undisturbed.folder / "landing").symlink_to(pipeline.folder / "landing")
    undisturbed.succeed(configuration={"limit": "10"}, streams=STREAMS)

    def content(pipeline: Pipeline) -> dict[str, list[Any]]:
        files = sorted((pipeline.folder / "out").glob("[!._]*"))
        lines = sorted(line for file in files for line in file.read_text().splitlines())
        return {"files": lines, **{table: pipeline.rows(table) for table in TABLES}}

    assert ["killed"] in outcomes
    assert content(undisturbed) == content(pipeline)
