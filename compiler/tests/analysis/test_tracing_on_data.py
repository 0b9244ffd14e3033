"""Keys that are found in plans, against rows that an engine computes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")

PROGRAMS = int(os.environ.get("TRACED_PROGRAMS", "30"))


def test_no_key_has_a_duplicate() -> None:
    """No key found in a random program has a duplicate in its result; with many keys found, or this says nothing.

    It fails when explode is read as a plain function, when `dropDuplicates`, `groupBy` or the partition of a window
    counts one column less, when a rollup counts as a plain grouping, when a union counts as one without duplicates,
    and when `fillna` or `withColumn` leaves a column that it replaces the same.
    """
    script = Path(__file__).with_name("traced_programs.py")
    environment = {**os.environ, "SPARK_CONNECT_MODE_ENABLED": "1", "RUST_LOG": "off"}
    command = [sys.executable, str(script), str(PROGRAMS), "0"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert answer.returncode == 0, answer.stderr[-2000:]
    found = json.loads(answer.stdout.strip().splitlines()[-1])

    assert found["with_keys"] > PROGRAMS / 4
    assert found["wrong"] == []
