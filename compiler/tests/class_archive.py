"""An archive of Spark's classes, with which the Java processes of the tests start in half the time.

`make test` writes it once, as `python -m compiler.tests.class_archive`. Without it, or with another Java than the one
that wrote it, the tests do the same, more slowly.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.runtime.spark.launch.class_archive import ARCHIVE_VARIABLE

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ROOT = Path(__file__).parents[2]
_ARCHIVE = _ROOT / ".venv" / "spark-classes.jsa"
_SILENT = "-Xlog:disable"
"""Java says on standard output what it leaves out of an archive, or that it cannot use one."""


def use_class_archive(started: Path) -> None:
    """Let the Java processes of Spark that start from now on load their classes from the archive, if there is one.

    Args:
        started: A folder in which each of them writes an empty file, also those of other processes that a test starts.
    """
    archive = [f"-XX:SharedArchiveFile={_ARCHIVE}"] if _ARCHIVE.is_file() else []
    _set_java_options(*archive, _SILENT, f"-Xlog:os=error:file={started}/%p")
    os.environ[ARCHIVE_VARIABLE] = ""


def write_class_archive() -> None:
    """Write and read a table; when the Java process ends, it writes the classes that it has loaded."""
    from cbx.runtime.spark.session import session

    partial = _ARCHIVE.with_suffix(".partial")
    _set_java_options(f"-XX:ArchiveClassesAtExit={partial}", _SILENT)
    with tempfile.TemporaryDirectory() as folder:
        spark = session(Path(folder), "local[2]")
        table = str(Path(folder) / "table")
        spark.range(10).selectExpr("id % 3 AS part", "id").groupBy("part").count().write.parquet(table)
        spark.read.parquet(table).collect()
        _end_java(spark)
    if partial.is_file():
        partial.replace(_ARCHIVE)


def _end_java(spark: SparkSession) -> None:
    gateway: Any = spark.sparkContext._gateway
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def _set_java_options(*options: str) -> None:
    setting = shlex.quote(f"spark.driver.defaultJavaOptions={' '.join(options)}")
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--conf {setting} pyspark-shell"


if __name__ == "__main__":
    write_class_archive()
