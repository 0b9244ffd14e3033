"""A run that is killed loses nothing and doubles nothing.

Each case starts the pipeline in a process of its own, kills it at a moment drawn from a seed, lands more files,
and so on; at the end one undisturbed run must leave the tables that a pipeline without kills has. A moment is a
number of operations on the state folder, so a case can be repeated. ``CBX_KILLS`` asks for more than the two
of every day.
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

SEED = 20260101
KILLS = int(os.environ.get("CBX_KILLS", "2"))
TABLES = ("orders", "kept", "current", "history", "totals")

NOTEBOOK = """
    import dlt

    @dlt.table
    def orders():
        return spark.readStream.schema("id INT, city STRING, seq INT").json("landing/orders")

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

    @dlt.table
    def totals():
        return spark.sql("SELECT city, count(*) AS rows FROM kept GROUP BY city")
"""

# Runs an update and kills itself, as `kill -9` does, before the nth change to the state folder.
RUNNER = """
import os, pathlib, shutil, signal, sys
folder, moment = pathlib.Path(sys.argv[1]), int(sys.argv[2])
count = 0

def hooked(function):
    def wrapper(*args, **kwargs):
        global count
        count += 1
        if count == moment:
            print("killed", flush=True)
            gateway = __import__("pyspark").SparkContext._gateway
            if gateway is not None:
                os.kill(gateway.proc.pid, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return wrapper

pathlib.Path.rename = hooked(pathlib.Path.rename)
pathlib.Path.replace = hooked(pathlib.Path.replace)
shutil.rmtree = hooked(shutil.rmtree)
pathlib.Path.mkdir = hooked(pathlib.Path.mkdir)

from cbx.runtime import RunRequest, run_update
from cbx.runtime.session import session
session(folder / ".cbx", "local[2]")
count = 0
paths = (folder / "notebooks",)
result = run_update(RunRequest(paths, folder / ".cbx", {}, folder, master="local[2]"), lambda event: None)
print("done", count, result.is_success, flush=True)
"""


def land(pipeline: Pipeline, rng: random.Random, number: int) -> None:
    rows = [
        {"id": rng.randrange(5), "city": rng.choice([None, "Ulm", "Rom"]), "seq": number * 100 + index}
        for index in range(rng.randrange(1, 6))
    ]
    pipeline.land(f"orders/{number:03d}.json", "".join(json.dumps(row) + "\n" for row in rows))


def run_until(pipeline: Pipeline, moment: int) -> str:
    command = [sys.executable, "-c", RUNNER, str(pipeline.folder), str(moment)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300).stdout


@pytest.mark.spark
def test_a_killed_run_is_as_if_it_had_not_been(pipeline: Pipeline, tmp_path: Path) -> None:
    """Whatever a kill leaves, the next run ends where an undisturbed pipeline is."""
    rng = random.Random(SEED)
    pipeline.notebook(NOTEBOOK)
    outcomes = []
    for number in range(KILLS):
        land(pipeline, rng, number)
        outcomes.append(run_until(pipeline, rng.randrange(1, 60)).split()[:1])
    land(pipeline, rng, KILLS)
    pipeline.succeed()
    undisturbed = Pipeline(tmp_path / "undisturbed")
    undisturbed.notebook(NOTEBOOK)
    (undisturbed.folder / "landing").symlink_to(pipeline.folder / "landing")
    undisturbed.succeed()

    def content(one: Pipeline) -> dict[str, list[tuple[Any, ...]]]:
        return {table: one.rows(table) for table in TABLES}

    assert ["killed"] in outcomes
    assert content(undisturbed) == content(pipeline)
