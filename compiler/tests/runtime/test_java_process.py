"""Java is started while libraries load; Spark connects to it, or starts its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.spark
PROGRAM = """
import sys
from pathlib import Path

from cbx.runtime.spark.launch import java_process
from cbx.runtime.spark.launch.start_settings import prepare_start

state, given, asked = Path(sys.argv[1]), {"spark.driver.memory": sys.argv[2]}, {"spark.driver.memory": sys.argv[3]}
java_process.start_java(state, None, given)
assert "pyspark" not in sys.modules
process = java_process._started[0].process
java_process.connect_started_java(prepare_start(state, "local[*]", asked).settings)

from pyspark import SparkContext

gateway = SparkContext._gateway
if gateway is None:
    print("not connected, ended", process.returncode is not None)
else:
    memory = gateway.jvm.java.lang.Runtime.getRuntime().maxMemory() >> 20
    print("connected", gateway.proc is process, 250 < memory <= 300)
"""


@pytest.mark.parametrize(
    ("given", "asked", "expected"),
    [
        ("300m", "300m", "connected True True"),
        ("300m", "400m", "not connected, ended True"),
        ("1k", "1k", "not connected, ended True"),
    ],
    ids=["ready", "other settings", "Java does not start"],
)
def test_spark_connects_to_the_java_that_was_started_for_it(
    given: str, asked: str, expected: str, tmp_path: Path
) -> None:
    """A process that has ended or has other settings is left: PySpark starts its own, and says why it cannot."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), given, asked]
    environment = {**os.environ, "CBX_CLASS_ARCHIVE": ""}

    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)

    assert (done.stdout.strip(), done.returncode) == (expected, 0), done.stderr
