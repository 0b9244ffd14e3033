"""Starts Sail in this process, and sets its session up as Databricks does: UTC and ANSI mode."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyspark.errors.utils

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NO_DEBUGGING: Final = {"spark.python.sql.dataFrameDebugging.enabled": "false"}
"""PySpark does not look for the line of each call."""
_ENVIRONMENT: Final = {"SAIL_EXECUTION__DEFAULT_PARALLELISM": "1", "RUST_LOG": "off"}
"""Tables of a few rows gain nothing from several partitions, and the log of the engine does not help users."""
_REMOTE_MODE: Final = "SPARK_CONNECT_MODE_ENABLED"
"""The variable by which PySpark knows that its functions make expressions for Spark Connect."""


class RunningSail(NamedTuple):
    """A running server.

    Attributes:
        spark: Its session.
        server: The server, which stops when there is no reference to it.
    """

    spark: SparkSession
    server: object


def start_sail() -> RunningSail:
    """Start a server and a session.

    Raises:
        ImportError: If Sail, or PySpark's client for it, is not installed.
    """
    os.environ.update({key: value for key, value in _ENVIRONMENT.items() if key not in os.environ})
    from pysail.spark import SparkConnectServer  # type: ignore[import-untyped]
    from pyspark.sql import SparkSession

    server = SparkConnectServer(port=0)
    server.start(background=True)
    _, port = server.listening_address
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Spark, about the versions of its libraries
        spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    spark.client.disable_reattachable_execute()  # the server is in the same process, so no connection is lost
    client: Any = spark.client
    client._display_server_stack_trace = _is_without_stack_traces  # noqa: SLF001 - else it asks at each error
    from cbx.runtime.sail.session_settings import ALWAYS

    for key, value in (*ALWAYS.items(), *_NO_DEBUGGING.items()):
        spark.conf.set(key, value)
    _forget_debugging()
    return RunningSail(spark, server)


def stop_sail(sail: RunningSail) -> None:
    """Stop a session, so that Spark itself can start in this process."""
    sail.spark.stop()
    os.environ.pop(_REMOTE_MODE, None)
    _forget_debugging()


def _is_without_stack_traces() -> bool:
    return False


def _forget_debugging() -> None:
    """Let PySpark look again for the setting of debugging, of which it keeps the first value."""
    pyspark.errors.utils._enable_debugging_cache = None  # noqa: SLF001 - it has no public name
