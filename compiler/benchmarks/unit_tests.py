"""Measures the unit tests of Circuit Box: all of them on both engines, and one beside the same test written by hand.

Everything runs in fresh processes, in turn, start-up included, so that what else the machine does meanwhile falls on
all of them; the table shows medians. The test by hand imports the model's function, calls it on a frame of a Spark
session of its own, and compares rows; it does not look at expectations.

Usage: ``python compiler/benchmarks/unit_tests.py [--rounds N]``
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from processes import Figure, measure

from cbx.runtime.spark.java import java_home

PROJECT = Path(__file__).parents[2]
ONE = "test_a_good_profile_passes"
BY_HAND = """
from datetime import date

import pytest
from pyspark.sql import SparkSession

from models.silver.customers_clean import customers_clean


@pytest.fixture(scope="session")
def spark():
    return (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )


def test_a_good_profile_passes(spark):
    columns = "customer_id BIGINT, customer_name STRING, date_of_birth STRING, telephone STRING, email STRING, "
    rows = [(1, "Ada Brennan", "1990-02-03", "+1 617-555-0109", "ada@example.com", "2026-01-01")]

    result = customers_clean(spark.createDataFrame(rows, columns + "created_date STRING")).collect()

    assert [tuple(row) for row in result] == [
        (1, "Ada Brennan", date(1990, 2, 3), "16175550109", "ada@example.com", date(2026, 1, 1))
    ]
"""


def commands(folder: Path) -> dict[str, list[str]]:
    """What is measured, by what the table calls it."""
    by_hand = folder / "test_by_hand.py"
    by_hand.write_text(BY_HAND, encoding="utf-8")
    cbx = [sys.executable, "-m", "cbx", "test"]
    single = ["silver.customers_clean", "--", "-k", ONE]
    alone = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={folder}", str(by_hand)]
    return {
        "all tests, Sail": [*cbx, "--engine", "sail"],
        "all tests, Spark": [*cbx, "--engine", "spark"],
        "one test, Sail": [*cbx, "--engine", "sail", *single],
        "one test, Spark": [*cbx, "--engine", "spark", *single],
        "one test by hand, Spark": alone,
    }


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "JAVA_HOME": str(java_home(Path(scratch)))}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        wanted = commands(Path(scratch))
        measure(wanted["all tests, Sail"], PROJECT, environment)  # compiles the project and Python's own files once
        figures: dict[str, list[Figure]] = {name: [] for name in wanted}
        for _ in range(rounds):
            for name, command in wanted.items():
                figures[name].append(measure(command, PROJECT, environment))
    print(f"{'':<26}{'seconds':>9}{'CPU s':>8}{'MB':>7}")
    for name, runs in figures.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{name:<26}{wall:>9.1f}{cpu:>8.1f}{memory:>7.0f}")


if __name__ == "__main__":
    main()
