"""The engine that runs the models under test: Sail, which starts in a second without Java, or Spark, the reference.

One process has one engine, started when the first test needs it. Timestamps are in UTC on both, and a value that cannot
be computed is an error on both, as on Databricks.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cbx.testing.errors import ModelTestError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ENGINES = ("sail", "spark")

_SAIL_SETTINGS = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
_SPARK_SETTINGS = {"spark.sql.shuffle.partitions": "1", "spark.sql.adaptive.enabled": "false"}
"""Tables of a few rows need neither several partitions nor plans that change while they run."""
_FOR_SAIL = {"SAIL_EXECUTION__DEFAULT_PARALLELISM": "1", "RUST_LOG": "off"}
"""Tables of a few rows gain nothing from several partitions, and what the engine logs is about its insides."""


@dataclass
class Engine:
    """A running engine.

    Attributes:
        name: ``sail`` or ``spark``.
        spark: Its session.
        server: What answers the session, in this process; it stops when nobody holds it.
    """

    name: str
    spark: SparkSession
    server: object = None
    _configuration: Mapping[str, str] = field(default_factory=dict)

    def configure(self, wanted: Mapping[str, str]) -> None:
        """Give the session settings in the place of those that it was given before; most tests want the same."""
        if wanted == self._configuration:
            return
        for name in self._configuration.keys() - wanted.keys():
            self.spark.conf.unset(name)
        for name, value in wanted.items():
            self.spark.conf.set(name, value)
        self._configuration = dict(wanted)


_running: dict[str, Engine] = {}


def start_engine(name: str, state: Path) -> Engine:
    """The engine, started if it is not running.

    Args:
        name: ``sail`` or ``spark``.
        state: A folder for Spark's log and scratch files.

    Raises:
        ModelTestError: If it is not installed, or the other one is running in this process.
    """
    for running in _running.values():
        if running.name != name:
            reason = f"{running.name} is running in this process already, so {name} cannot be started"
            raise ModelTestError(reason, "run the tests of the two engines one after the other")
        return running
    _running[name] = _sail() if name == "sail" else Engine(name, _spark(state))
    gc.freeze()  # what loading an engine made stays, so that no later search for garbage need look at it
    return _running[name]


def _sail() -> Engine:
    os.environ.update({key: value for key, value in _FOR_SAIL.items() if key not in os.environ})
    try:
        from pysail.spark import SparkConnectServer  # type: ignore[import-untyped]
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise _missing("Sail", error) from None
    server = SparkConnectServer(port=0)
    server.start(background=True)
    _, port = server.listening_address
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Spark's own, about the versions of its libraries
        spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    spark.client.disable_reattachable_execute()  # a server in the same process is not lost on the way
    for key, value in _SAIL_SETTINGS.items():
        spark.conf.set(key, value)
    return Engine("sail", spark, server)


def _spark(state: Path) -> Any:
    try:
        from pyspark.sql import SparkSession

        from cbx.runtime.problems import CannotRunError
        from cbx.runtime.spark.session import session
    except ImportError as error:
        raise _missing("Spark", error) from None
    try:
        is_own = SparkSession.getActiveSession() is None
        spark = session(state, "local[2]")
        for key, value in _SPARK_SETTINGS.items() if is_own else ():
            spark.conf.set(key, value)
    except CannotRunError as error:
        raise ModelTestError(error.problem.reason, error.problem.hint) from None
    return spark


def _missing(engine: str, error: ImportError) -> ModelTestError:
    hint = "pip install 'circuit-box[test]'"
    return ModelTestError(f"{engine} is not installed: {error}", hint)
