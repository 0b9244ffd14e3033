"""Measures how `cbx run` ingests many small landing files against a plain Spark stream of the same files.

The stream has the schema given and writes the rows as Parquet with a checkpoint, as a hand-written ingestion does. The
pipeline infers the columns, looks for new ones and rescues what does not fit. Both run in fresh processes, in turn.
The second update of each brings as few new files as a busy hour would.

Usage: ``python compiler/benchmarks/small_files.py [--files N] [--orders N] [--new N] [--rounds N]
[--engine spark|sail]``
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from by_hand import ORDERS, start_session
from processes import Figure, measure

from cbx.runtime.spark.java import java_home
from landing import write_orders

NOTEBOOK = """
import dlt

@dlt.table
def orders():
    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return reader.option("cloudFiles.inferColumnTypes", "true").load("landing")
"""
SEED = 20260101


def main() -> None:
    """Measure and print, or be the plain stream."""
    parser = argparse.ArgumentParser(description="Measure the ingestion of many small files.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--new", type=int, default=100, help="files of the second update")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=("spark", "sail"), default="spark", help="of the pipeline")
    parser.add_argument("--stream", type=Path, help="be the plain stream, in this folder")
    arguments = parser.parse_args()
    if arguments.stream is not None:
        stream(arguments.stream)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        environment = {**os.environ, "JAVA_HOME": str(java_home(folder))}
        figures: dict[str, list[Figure]] = {}
        for number in range(arguments.rounds):
            for left in ("landing", "state", "stream"):
                shutil.rmtree(folder / left, ignore_errors=True)
            (folder / "orders.py").write_text(NOTEBOOK)
            for part, count in (("first load", arguments.files), ("new files", arguments.new)):
                land(folder / "landing", part, count, arguments.orders // arguments.files)
                for what, command in commands(folder, arguments.engine).items():
                    figure = measure(command, folder, environment)
                    figures.setdefault(f"{part}, {what}", []).append(figure)
                    print(f"round {number + 1}: {part}, {what:<14}{figure.cpu:>8.1f} s of CPU", flush=True)
    print(f"{arguments.engine}: {arguments.files:,} files of {arguments.orders:,} orders, then {arguments.new:,} files")
    for what, measured in figures.items():
        wall, cpu, memory = (statistics.median(values) for values in zip(*measured, strict=True))
        print(f"{what:<28}{wall:>8.1f} s{cpu:>8.1f} s of CPU{memory:>8.0f} MB")


def land(folder: Path, part: str, files: int, orders: int) -> None:
    """Write files with some orders each."""
    chance = random.Random(f"{SEED} {part}")
    for number in range(files):
        write_orders(folder / f"{part[0]}{number // 1000:03d}" / f"{number:06d}.json", chance, orders)


def commands(folder: Path, engine: str) -> dict[str, list[str]]:
    """What is measured, in this order."""
    run = [sys.executable, "-m", "cbx", "run", "orders.py", "--state", str(folder / "state"), "--engine", engine]
    return {"plain stream": [sys.executable, __file__, "--stream", str(folder)], "cbx run": run}


def stream(folder: Path) -> None:
    """Append the new files to a folder of Parquet files."""
    spark = start_session(folder / "stream", "local[*]")
    rows = spark.readStream.schema(ORDERS).option("recursiveFileLookup", "true").json(str(folder / "landing"))
    writer = rows.writeStream.option("checkpointLocation", str(folder / "stream" / "checkpoint"))
    writer = writer.trigger(availableNow=True).foreachBatch(
        lambda batch, number: batch.write.parquet(str(folder / "stream" / "rows" / str(number)))
    )
    writer.start().awaitTermination()


if __name__ == "__main__":
    main()
