"""A count that Spark does not tell is no count."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark import SparkContext
from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.definitions import DatasetExpectation
from cbx.runtime.errors import RunError
from cbx.runtime.flow_context import ExpectationFailedError
from cbx.runtime.flows.append_stream import write_and_check
from cbx.runtime.spark.observations import read_observation, read_write_observation

RULES = (DatasetExpectation("small", "id < 3", "fail"),)


class Slow:
    """A listener that keeps all that come after it waiting, as a busy machine does."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Any of the methods of Spark's listeners."""
        if not name.startswith("on"):
            raise AttributeError(name)
        return lambda *_: time.sleep(self.seconds if name == "onOtherEvent" else 0)

    class Java:
        implements = ("org.apache.spark.scheduler.SparkListenerInterface",)


SLOW = Slow()


@pytest.fixture(scope="module")
def spark(spark: SparkSession) -> SparkSession:
    """A session whose counts are handed out after a listener that may be slow."""
    context = SparkContext._active_spark_context
    assert context is not None
    ensure_callback_server_started(context._gateway)
    context._jsc.sc().addSparkListener(SLOW)
    return spark.newSession()


@pytest.fixture
def late() -> Iterator[Callable[[float], None]]:
    """Says how many seconds late counts come."""
    yield lambda seconds: setattr(SLOW, "seconds", seconds)
    SLOW.seconds = 0.0


def test_a_count_needs_no_event(spark: SparkSession, late: Callable[[float], None], tmp_path: Path) -> None:
    """A rule that must hold does not pass on a machine that is too busy for events."""
    late(2)
    with pytest.raises(ExpectationFailedError, match="`small` failed for 2 of 5 rows"):
        write_and_check(spark.range(5), RULES, tmp_path / "rows", "t")


def test_a_count_that_no_query_holds_is_not_waited_for(spark: SparkSession, tmp_path: Path) -> None:
    """A view may be read and its rows not used."""
    apart = Observation()
    spark.range(5).observe(apart, F.count(F.lit(1)).alias("n"))
    spark.range(5).write.parquet(str(tmp_path / "rows"))

    assert dict(read_observation(apart)) == {}


def test_rows_whose_count_was_left_out_are_not_taken_for_none(spark: SparkSession, tmp_path: Path) -> None:
    """Spark leaves out what cannot reach the result; whether there were rows is asked again."""
    counted, nothing, apart = Observation(), Observation(), Observation()
    rows, none = spark.range(5), spark.range(5).filter("id > 7")
    rows.observe(counted, F.count(F.lit(1)).alias("n")).filter("1 = 0").write.parquet(str(tmp_path / "some"))
    none.observe(nothing, F.count(F.lit(1)).alias("n")).filter("1 = 0").write.parquet(str(tmp_path / "none"))
    rows.observe(apart, F.count(F.lit(1)).alias("n"))

    assert dict(read_write_observation(none, nothing)) == {}
    for observation in (counted, apart):
        with pytest.raises(RunError, match="Spark returned no counts of rows"):
            read_write_observation(rows, observation)
