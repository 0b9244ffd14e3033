"""One Spark session for many small queries, and its rows in a form that compares as Spark's GROUP BY does."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any, NamedTuple

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession

SECONDS_A_QUERY = 20
ZONES = ("UTC", "America/New_York", "Pacific/Apia")
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    # Queries are many, small and different: code is compiled once, quickly.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.default.parallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    # Compiling Java for a query of ten rows takes longer than the query.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # A broadcast is a job of its own; all rows are in one partition.
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
}


@contextmanager
def clock_of_utc() -> Iterator[None]:
    """The clock of the process shows UTC, so that what Spark hands out as a local time is unique."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        os.environ |= {} if before is None else {"TZ": before}
        time.tzset()


def start_spark() -> SparkSession:
    """A session of Spark, which is started if it does not run in this process: with views and settings of its own."""
    running = SparkSession.getActiveSession()
    if running is not None:
        session = running.newSession()
        for name, value in _SETTINGS.items():
            if session.conf.isModifiable(name):
                session.conf.set(name, value)
        return session
    os.environ["TZ"] = "UTC"  # as `clock_of_utc` does, to the end of the process
    time.tzset()
    builder = SparkSession.builder.master("local[1]")
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    for logger in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    return spark


def put_table(spark: SparkSession, name: str, query: str) -> None:
    """Make a view of one partition, whose joins and groups need no exchange of rows."""
    spark.sql(query).coalesce(1).createOrReplaceTempView(name)


class Rejected(Exception):  # noqa: N818 - it is no error of ours
    """Spark cannot analyse a query, or run it on the data at hand."""


def analyse(spark: SparkSession, text: str) -> DataFrame:
    """A query as Spark understands it."""
    try:
        frame = spark.sql(text)
        frame.schema  # noqa: B018 - makes Spark resolve it
    except (PySparkException, Py4JJavaError) as problem:
        raise Rejected(str(problem)) from problem
    return frame


class Result(NamedTuple):
    """The names of columns, in lower case, and rows; values are equal exactly where GROUP BY takes them as equal."""

    names: list[str]
    rows: list[tuple[object, ...]]


def collect_rows(frame: DataFrame) -> Result:
    """The rows of a query; one that takes too long, such as a recursion without an end, counts as rejected."""
    limit = Timer(SECONDS_A_QUERY, frame.sparkSession.sparkContext.cancelAllJobs)
    limit.start()
    try:
        rows = frame.collect()
    except (PySparkException, Py4JJavaError) as problem:
        raise Rejected(str(problem)) from problem
    finally:
        limit.cancel()
    names = [name.lower() for name in frame.columns]
    return Result(names, [tuple(comparable(value) for value in row) for row in rows])


def comparable(value: Any) -> object:
    """A value that is equal to others as Spark's GROUP BY compares, and can be in a set."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value + 0.0
    if isinstance(value, Row):
        return ("struct", *(comparable(part) for part in value))
    if isinstance(value, list):
        return ("array", *(comparable(part) for part in value))
    if isinstance(value, dict):
        return ("map", frozenset((comparable(key), comparable(part)) for key, part in value.items()))
    if isinstance(value, bytearray):
        return bytes(value)
    return value
