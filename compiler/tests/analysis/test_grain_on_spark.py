"""What the analysis says of random queries, held against Spark itself; ``grain_on_spark.py`` says how.

``CBX_SPARK_QUERIES`` says how many queries to try, ``CBX_SPARK_SEED`` where to start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

QUERIES = int(os.environ.get("CBX_SPARK_QUERIES", "200"))
SEED = os.environ.get("CBX_SPARK_SEED", "1")


@pytest.mark.spark
def test_claims_hold_on_spark(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing that is said of a random query is wrong on Spark; the shares of the verdicts are printed."""
    script = Path(__file__).with_name("grain_on_spark.py")
    answer = subprocess.run(
        [sys.executable, str(script), str(QUERIES), SEED], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr[-4000:]
    found = json.loads(answer.stdout.strip().splitlines()[-1])
    counts = found["counts"]
    total = sum(counts.get(verdict, 0) for verdict in ("proven", "refuted", "unproven"))
    shares = {verdict: counts.get(verdict, 0) / total for verdict in ("proven", "refuted", "unproven")}
    with capsys.disabled():
        listed = ", ".join(f"{verdict} {share:.0%}" for verdict, share in shares.items())
        print(f"\n{QUERIES} queries on Spark, {total} keys: {listed}; {counts}")

    assert found["wrong"] == [], "\n\n".join(found["wrong"])
    assert counts.get("rejected", 0) < QUERIES / 5
    assert counts.get("failed", 0) < counts["results"] / 10
    assert shares["proven"] > 0.1
