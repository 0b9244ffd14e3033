"""The functions and operators that an update on Sail may have: their types and values are those of Spark."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from compiler.tests.runtime.sail_functions import evaluate, expressions, make_rows

SCRIPT = Path(__file__).with_name("sail_functions.py")
SHARE = float(os.environ.get("FUNCTIONS_ON_SAIL", "0.05"))
"""The share of the expressions that are compared."""
AT_ONCE = 40


def test_what_sail_may_run_has_the_types_and_values_of_spark(spark: SparkSession) -> None:
    """All expressions that Sail accepts and evaluates are those of Spark; what fails on Sail is left to Spark."""
    texts = expressions()
    chosen = random.Random(20).sample(texts, round(len(texts) * SHARE))
    command = [sys.executable, str(SCRIPT)]
    done = subprocess.run(command, input=json.dumps(chosen), capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    actual = json.loads(done.stdout)
    make_rows(spark)
    expected = {}
    for is_aggregate in (False, True):
        found = [text for text in actual if text.startswith("agg:") == is_aggregate]
        at_once = 1 if is_aggregate else AT_ONCE  # a DISTINCT beside `last` changes the order of its rows
        for start in range(0, len(found), at_once):
            expected.update(evaluate(spark, found[start : start + at_once]))

    assert len(actual) > len(chosen) / 3
    assert expected == actual
