"""What the analysis says of random queries, streams and programs, held against Spark itself.

``CBX_SPARK_QUERIES``, ``CBX_SPARK_STREAMS`` and ``CBX_SPARK_PROGRAMS`` say how many to try, ``CBX_SPARK_SEED`` where to
start. Each script says in its docstring what it compares.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SEED = os.environ.get("CBX_SPARK_SEED", "1")
QUERIES = int(os.environ.get("CBX_SPARK_QUERIES", "140"))
STREAMS = int(os.environ.get("CBX_SPARK_STREAMS", "45"))
PROGRAMS = int(os.environ.get("CBX_SPARK_PROGRAMS", "50"))

pytestmark = pytest.mark.spark


def run(script: str, *arguments: str, **environment: str) -> str:
    """The last line that a script prints."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
    answer = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "RUST_LOG": "off", **environment}
    )
    assert answer.returncode == 0, answer.stderr[-4000:]
    return answer.stdout.strip().rpartition("\n")[2]


def counts_of(answer: str, what: str, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, int], dict[str, float]]:
    """What was counted and the shares of the verdicts, which are printed; fails if a claim is wrong."""
    found: dict[str, Any] = json.loads(answer)
    counts: dict[str, int] = dict.fromkeys(("rejected", "failed", "results"), 0) | found["counts"]
    total = sum(counts.get(verdict, 0) for verdict in ("proven", "refuted", "unproven"))
    shares = {verdict: counts.get(verdict, 0) / total for verdict in ("proven", "refuted", "unproven")}
    with capsys.disabled():
        listed = ", ".join(f"{verdict} {share:.0%}" for verdict, share in shares.items())
        print(f"\n{what}, {total} keys: {listed}; {counts}")
    assert found["wrong"] == [], "\n\n".join(found["wrong"])
    return counts, shares


def test_claims_about_queries_hold_on_spark(capsys: pytest.CaptureFixture[str]) -> None:
    counts, shares = counts_of(run("grain_on_spark.py", str(QUERIES), SEED), f"{QUERIES} queries on Spark", capsys)

    assert counts["rejected"] < QUERIES / 5
    assert counts["failed"] < counts["results"] / 10
    assert shares["proven"] > 0.2


def test_claims_about_streams_hold_over_micro_batches(capsys: pytest.CaptureFixture[str]) -> None:
    counts, shares = counts_of(run("streams_on_spark.py", str(STREAMS), SEED), f"{STREAMS} streams on Spark", capsys)

    assert counts["rejected"] < counts["results"] / 5
    assert shares["proven"] > 0.1


def test_claims_about_programs_hold_on_spark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pysail", reason="tracing needs the extra `trace`")
    traced = tmp_path / "programs.jsonl"
    run("programs_traced.py", str(PROGRAMS), SEED, str(traced), SPARK_CONNECT_MODE_ENABLED="1")
    counts, shares = counts_of(run("programs_on_spark.py", str(traced)), f"{PROGRAMS} programs on Spark", capsys)

    assert counts["refused"] + counts["failed"] < PROGRAMS / 5
    assert shares["proven"] > 0.1


def test_two_micro_batches_give_what_streaming_gives(tmp_path: Path) -> None:
    """What streams are held against is what Spark's own streaming writes, for some of them."""
    found = json.loads(run("streams_for_real.py", "1", str(tmp_path)))

    assert found == {"compared": 2, "wrong": []}
