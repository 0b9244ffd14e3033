"""How Spark is started: the settings that it reads then, and the environment of Java. Nothing here loads Spark."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from cbx.runtime.spark.java import java_home
from cbx.runtime.spark.launch.class_archive import class_archive_options
from cbx.runtime.spark.launch.driver_address import BIND_ADDRESS, address_settings, is_kubernetes, is_local
from cbx.runtime.spark.launch.driver_memory import DRIVER_MEMORY, driver_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL_MASTER: Final = "local[*]"
"""The master if none is named: all cores of this machine."""
LOG_FILE: Final = "spark.log"
JAVA_OPTIONS: Final = "spark.driver.extraJavaOptions"
_PYTHON: Final = "spark.pyspark.python"
_TASK_PYTHON: Final = "PYSPARK_PYTHON"

_LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
"""


class SparkStart(NamedTuple):
    """How Spark is started.

    Attributes:
        settings: The settings.
        environment: The variables of the environment of Java.
        scratch: A folder for files that Spark needs while it runs.
        log: The file of Spark's log.
    """

    settings: Mapping[str, str]
    environment: Mapping[str, str]
    scratch: Path
    log: Path


def prepare_start(state: Path, master: str, given: Mapping[str, str]) -> SparkStart:
    """Decide how Spark is started, and write the files that it needs for that.

    Args:
        state: The state folder.
        master: The master.
        given: Settings of the user.

    Raises:
        CannotRunError: If there is no Java, or the master cannot be reached.
    """
    scratch = state / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    log4j = scratch / "log4j2.properties"
    if not log4j.is_file() or log4j.read_text(encoding="utf-8") != _LOGGING:
        log4j.write_text(_LOGGING, encoding="utf-8")
    addresses = address_settings(master, given)
    home, spark = java_home(scratch), spark_home()
    archive = class_archive_options(home, spark, given.get(JAVA_OPTIONS, ""))
    java = f'-Dlog4j2.configurationFile="{log4j.as_uri()}" -Xss4m {_LATE_OPTIMISING} {archive}'
    environment = {"JAVA_HOME": str(home), "SPARK_HOME": str(spark), _TASK_PYTHON: _task_python(master, given)}
    if BIND_ADDRESS in addresses:
        environment["SPARK_LOCAL_IP"] = addresses[BIND_ADDRESS]
    settings = {
        **_pod_settings(master),
        **_settings(scratch, java, given),
        **parallelism(master, given),
        **addresses,
    }
    return SparkStart(settings, environment, scratch, state / LOG_FILE)


def _pod_settings(master: str) -> Mapping[str, str]:
    if not is_kubernetes(master):
        return {}
    from cbx.runtime.spark.launch.kubernetes import pod_settings

    return pod_settings(master)


def _task_python(master: str, given: Mapping[str, str]) -> str:
    """The Python of tasks, which PySpark reads from the environment alone, not from its settings."""
    if not is_kubernetes(master):
        return given.get(_PYTHON, sys.executable)
    from cbx.runtime.spark.launch.kubernetes import IMAGE_PYTHON

    return given.get(_PYTHON, IMAGE_PYTHON)


def spark_home() -> Path:
    """The folder of Spark, which is that of PySpark."""
    spec = find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'pyspark'", name="pyspark")
    return Path(spec.submodule_search_locations[0])


def _settings(scratch: Path, java: str, given: Mapping[str, str]) -> Mapping[str, str]:
    """Settings that must be set before Spark starts: those of cbx, replaced by those that are given."""
    return {
        DRIVER_MEMORY: driver_memory(),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch / "scratch"),
        "spark.buffer.pageSize": _PAGE_SIZE,
        "spark.sql.catalogImplementation": "in-memory",
        "spark.hadoop.fs.defaultFS": "file:///",
        "spark.sql.streaming.metricsEnabled": "false",
        "spark.pyspark.driver.python": sys.executable,
        **given,
        JAVA_OPTIONS: f"{java} {given.get(JAVA_OPTIONS, '')}".strip(),
    }


_PAGE_SIZE = "4m"
"""What each join, aggregate and sort takes first, however few rows it has. Spark's default grows with the memory, to
64 MB, which Java fills with zeros: a quarter of the processor time of small joins, and three times their memory."""


def parallelism(master: str, given: Mapping[str, str]) -> Mapping[str, str]:
    """How many tasks Spark makes: few on this machine, as many as the cluster has cores on a cluster.

    Spark counts 4 MB for opening a file and reads at most 128 MB in a task: it would make a task, and a file of the
    table, for each thirty small files. To count less for opening would divide small files, which Databricks does not.
    """
    cores = str(min(os.cpu_count() or 2, 8))
    settings = {
        "spark.sql.shuffle.partitions": cores,
        "spark.default.parallelism": cores,
        "spark.sql.files.maxPartitionBytes": "1g",
    }
    return {name: value for name, value in settings.items() if is_local(master) and name not in given}


_LATE_OPTIMISING = " ".join(
    f"-XX:Tier4{threshold}={ten_times}"
    for threshold, ten_times in {
        "InvocationThreshold": 50_000,
        "MinInvocationThreshold": 6_000,
        "CompileThreshold": 150_000,
        "BackEdgeThreshold": 400_000,
    }.items()
)
"""The JVM's second compiler starts at ten times the usual thresholds: short runs do without it, while runs over
millions of rows, which would take a third longer, still get it."""
