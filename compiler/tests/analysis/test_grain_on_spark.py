"""What the analysis says of random queries, streams and programs, held against Spark itself.

``CBX_SPARK_QUERIES``, ``CBX_SPARK_STREAMS``, ``CBX_SPARK_PROGRAMS`` and, for aggregates, ``CBX_MEASURE_QUERIES_SPARK``
say how many to try, ``CBX_SPARK_SEED`` where to start. Each script says in its docstring what it compares; the tests
call them with a session of the Spark that runs in this process.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from local_spark import clock_of_utc
from pyspark.sql import SparkSession

SEED = os.environ.get("CBX_SPARK_SEED", "1")
QUERIES = int(os.environ.get("CBX_SPARK_QUERIES", "25"))
STREAMS = int(os.environ.get("CBX_SPARK_STREAMS", "15"))
PROGRAMS = int(os.environ.get("CBX_SPARK_PROGRAMS", "15"))
MEASURES = int(os.environ.get("CBX_MEASURE_QUERIES_SPARK", "12"))

pytestmark = pytest.mark.spark

HERE = Path(__file__).parent
OnSpark = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def on_spark(spark: SparkSession) -> Iterator[OnSpark]:  # noqa: ARG001 - the scripts find it
    """Calls the main function of a module with arguments, and returns its answer."""
    with clock_of_utc():
        yield lambda module, *arguments: importlib.import_module(module).main(*arguments)


def counts_of(
    found: dict[str, Any], what: str, capsys: pytest.CaptureFixture[str]
) -> tuple[dict[str, int], dict[str, float]]:
    """What was counted and the shares of the verdicts, which are printed; fails if a claim is wrong."""
    counts: dict[str, int] = dict.fromkeys(("rejected", "refused", "failed", "results"), 0) | found["counts"]
    total = sum(counts.get(verdict, 0) for verdict in ("proven", "refuted", "unproven"))
    shares = {verdict: counts.get(verdict, 0) / total for verdict in ("proven", "refuted", "unproven")}
    with capsys.disabled():
        listed = ", ".join(f"{verdict} {share:.0%}" for verdict, share in shares.items())
        print(f"\n{what}, {total} keys: {listed}; {counts}")
    assert found["wrong"] == [], "\n\n".join(found["wrong"])
    return counts, shares


def test_claims_about_queries_hold_on_spark(on_spark: OnSpark, capsys: pytest.CaptureFixture[str]) -> None:
    counts, shares = counts_of(on_spark("grain_on_spark", QUERIES, SEED), f"{QUERIES} queries on Spark", capsys)

    assert counts["rejected"] < QUERIES / 5
    assert counts["failed"] < counts["results"] / 10
    assert shares["proven"] > 0.2


def test_verdicts_on_aggregates_hold_on_spark(on_spark: OnSpark, capsys: pytest.CaptureFixture[str]) -> None:
    found = on_spark("measures_on_spark", MEASURES, SEED)
    counts = Counter(found["counts"])
    with capsys.disabled():
        print(f"\n{MEASURES} queries with aggregates on Spark: {dict(counts)}")

    assert found["wrong"] == [], "\n\n".join(found["wrong"])
    assert counts["rejected"] < MEASURES / 20
    assert counts["exact"] > counts.total() / 10
    assert counts["unseen"] <= max(1, counts["repeated"] / 10)


def test_claims_about_streams_hold_over_micro_batches(on_spark: OnSpark, capsys: pytest.CaptureFixture[str]) -> None:
    counts, shares = counts_of(on_spark("streams_on_spark", STREAMS, SEED), f"{STREAMS} streams on Spark", capsys)

    assert counts["rejected"] < counts["results"] / 5
    assert shares["proven"] > 0.1


def test_claims_about_programs_hold_on_spark(
    on_spark: OnSpark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pysail", reason="tracing needs the extra `trace`")
    traced = tmp_path / "programs.jsonl"
    command = [sys.executable, str(HERE / "programs_traced.py"), str(PROGRAMS), SEED, str(traced)]
    environment = {**os.environ, "RUST_LOG": "off", "SPARK_CONNECT_MODE_ENABLED": "1"}
    subprocess.run(command, check=True, env=environment)
    counts, shares = counts_of(on_spark("programs_on_spark", str(traced)), f"{PROGRAMS} programs on Spark", capsys)

    assert counts["refused"] + counts["failed"] < PROGRAMS / 5
    assert shares["proven"] > 0.1


def test_two_micro_batches_give_what_streaming_gives(on_spark: OnSpark, tmp_path: Path) -> None:
    """What streams are held against is what Spark's own streaming writes, for some of them."""

    assert on_spark("streams_for_real", "1", str(tmp_path)) == {"compared": 2, "wrong": []}
