"""The settings of a session, of Spark or of Sail."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException, IllegalArgumentException

from cbx.runtime.errors import CannotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import SparkSession

PROGRESS_LIMIT = 100_000
"""How many micro-batches of one query Spark keeps, with their observed metrics."""


@contextlib.contextmanager
def configure_pipeline(spark: SparkSession, configuration: Mapping[str, str]) -> Iterator[None]:
    """Set the configuration of a pipeline while the context lasts.

    Settings that Spark reads only when it starts, such as its memory, are left out: they describe a cluster.

    Raises:
        CannotRunError: For a value that Spark refuses.
    """
    changeable = {name: value for name, value in configuration.items() if is_changeable(spark, name, value)}
    with settings(spark, changeable):
        yield


def is_changeable(spark: SparkSession, name: str, value: str) -> bool:
    """Whether a setting can be set on a running session.

    Raises:
        CannotRunError: For a value that Spark refuses.
    """
    if not name.startswith("spark."):
        return True
    try:
        with settings(spark, {name: value}):
            return True
    except (AnalysisException, IllegalArgumentException) as error:
        if error.getCondition() in _FIXED:
            return False
        raise CannotRunError(f"Spark does not take `{value}` for `{name}`: {first_line(error)}") from error


_FIXED = frozenset({"CANNOT_MODIFY_CONFIG", "CANNOT_MODIFY_STATIC_CONFIG"})


@contextlib.contextmanager
def settings(spark: SparkSession, wanted: Mapping[str, str]) -> Iterator[None]:
    """Change session settings while the context lasts."""
    before = {name: spark.conf.get(name, None) for name in wanted}
    for name, value in wanted.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, old)


def configuration_value(spark: SparkSession, key: str) -> str | None:
    """A value of the pipeline configuration; None if the key is not set."""
    return spark.conf.get(key, None)


def first_line(error: Exception) -> str:
    """The first line of the message of an error; its type if it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
